say =
    .dirhams = { $n ->
        [one] { $n } dirham
       *[other] { $n } dirhams
    }
    .centimes = { $n ->
        [one] { $n } centime
       *[other] { $n } centimes
    }
    .both = { $dirhams } et { $centimes }
month =
    .m01 = janvier
    .m02 = février
    .m03 = mars
    .m04 = avril
    .m05 = mai
    .m06 = juin
    .m07 = juillet
    .m08 = août
    .m09 = septembre
    .m10 = octobre
    .m11 = novembre
    .m12 = décembre
