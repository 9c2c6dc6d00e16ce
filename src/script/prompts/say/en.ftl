say =
    .dirhams = { $n ->
        [one] { $n } dirham
       *[other] { $n } dirhams
    }
    .centimes = { $n ->
        [one] { $n } centime
       *[other] { $n } centimes
    }
    .both = { $dirhams } and { $centimes }
month =
    .m01 = January
    .m02 = February
    .m03 = March
    .m04 = April
    .m05 = May
    .m06 = June
    .m07 = July
    .m08 = August
    .m09 = September
    .m10 = October
    .m11 = November
    .m12 = December
