# How amounts are said; `prompts/ar.ftl` may define `say` and `month` itself, which then hold instead.
say =
    .dirhams = { $n ->
        [one] درهم واحد
        [two] درهمان
        [few] { $n } دراهم
        [many] { $n } درهمًا
       *[other] { $n } درهم
    }
    .centimes = { $n ->
        [one] سنتيم واحد
        [two] سنتيمان
        [few] { $n } سنتيمات
        [many] { $n } سنتيمًا
       *[other] { $n } سنتيم
    }
    .both = { $dirhams } و{ $centimes }
month =
    .m01 = يناير
    .m02 = فبراير
    .m03 = مارس
    .m04 = أبريل
    .m05 = ماي
    .m06 = يونيو
    .m07 = يوليوز
    .m08 = غشت
    .m09 = شتنبر
    .m10 = أكتوبر
    .m11 = نونبر
    .m12 = دجنبر
