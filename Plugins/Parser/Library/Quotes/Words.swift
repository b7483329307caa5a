/// Words by which the end of a name and an office are told, in folded form.
enum Words {
    /// Whether a word cannot be of a name.
    static func isStop(_ word: String) -> Bool {
        if stops.contains(word) { return true }
        // "لل..." is "to the ...", "وال..." goes on to something else, "بال..." says how.
        if word.count > 4 {
            for prefix in ["لل", "وال", "بال", "كال", "فال"] where word.hasPrefix(prefix) {
                return true
            }
        }
        if word.hasPrefix("ل") || word.hasPrefix("ب") {
            let rest = String(word.dropFirst())
            return addressees.contains(rest) || isOffice(rest)
        }
        return false
    }

    /// Whether a word names an office or rank, with or without the article.
    static func isOffice(_ word: String) -> Bool {
        if offices.contains(word) { return true }
        return word.hasPrefix("ال") && offices.contains(String(word.dropFirst(2)))
    }

    /// Whether a word names a body that an office belongs to.
    static func isInstitution(_ word: String) -> Bool { institutions.contains(word) }

    /// Whether a word is followed by a name in quotation marks: `قناة "..."`, `the film "..."`.
    static func isNamed(_ word: String) -> Bool {
        if named.contains(word) || isInstitution(word) { return true }
        for prefix in ["ال", "لل", "بال"] where word.hasPrefix(prefix) {
            return named.contains(String(word.dropFirst(prefix.count)))
        }
        guard let first = word.first, "لبو".contains(first) else { return false }
        let rest = String(word.dropFirst())
        return named.contains(rest) || isInstitution(rest)
    }

    private static let named = set(
        """
        قناه اذاعه راديو موقع صحيفه جريده مجله شبكه برنامج فيلم مسلسل كتاب روايه ديوان مسرحيه عرض قصيده اغنيه
        البوم لوحه معرض مهرجان جايزه تنظيم جماعه عمليه مراسل مراسله ل ب تطبيق منصه مدونه حساب صفحه وثيقه
        film book novel album song newspaper magazine channel show programme program series exhibition
        """)

    /// What may stand between a verb of speech and the quote.
    static let openers: Set<String> = [
        ":", "أن", "إن", "ان", "أنّ", "إنّ", "أنه", "إنه", "انه", "أنها", "إنها", "بأن", "بأنه",
        "بأنها", ",",
        "،", "that",
    ]

    /// Words after a verb of speech that begin a report in other words, in folded form.
    static let reports: Set<String> = [
        "ان", "انه", "انها", "انهم", "بان", "بانه", "بانها", "الي", "that",
    ]

    /// What stands inside an office: "باسم" in "المتحدث باسم الوزارة".
    static let officeParticles: Set<String> = ["باسم", "بلسان"]

    /// Parts of a name that need the next word.
    static let nameJoints: Set<String> = ["بن", "ابن", "بنت", "ابو", "ام", "عبد", "ال", "ابي"]

    /// Offices that English writes in capitals before a name.
    static let englishOffices: Set<String> = [
        "mr", "mrs", "ms", "dr", "prof", "professor", "president", "minister", "mayor", "governor",
        "senator", "judge", "chief", "captain", "general", "colonel", "major", "sergeant", "sir",
        "king", "queen", "prince", "princess", "chancellor", "secretary", "director", "coach",
        "prime", "foreign", "vice", "deputy", "spokesman", "spokeswoman", "spokesperson", "officer",
    ]

    static let englishPronouns: Set<String> = [
        "he", "she", "they", "it", "i", "we", "you", "who", "his", "her", "their",
    ]

    static let englishStops: Set<String> = [
        "on", "in", "at", "after", "before", "but", "and", "the", "a", "an", "when", "while", "as",
        "this", "that", "there", "according", "for", "by", "to", "from", "if", "so", "monday",
        "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "also",
    ]

    /// Words that make a subject of nobody in particular.
    static let quantities: Set<String> = [
        "عدد", "بعض", "احد", "احدي", "معظم", "كثير", "some", "many",
    ]

    private static let stops = set(
        """
        عدد احد احدي معظم كثير ل ب ك
        في من الي علي عن مع ان انه انها انهم بان بانه بانها لان خلال بعد قبل اثناء حول عند لدي منذ امس اليوم غدا
        حين عندما كما وقد قد لم لن لا ما التي الذي الذين اللذين هذا هذه ذلك تلك ايضا بدوره بدورها كذلك هنا
        ضمن عقب عبر حتي بشان اذ اذا حيث انما لكن ليس يوم صباح مساء الاثنين الثلاثاء الاربعاء الخميس الجمعه
        السبت الاحد وهو وهي نفسه نفسها ردا تعليقا قوله قولها قائلا او ثم كان كانت الا بين تحت فوق ضد دون
        عليه عليها له لها لهم به بها فيه فيها منه منها اليه اليها عنه عنها كل بعض اي هو هي هم نحن انا يوميا
        تعبيره تعبيرها تعبيرهم كلامه كلامها رايه رايها تصريح تصريحات تصريحه تصريحها مازحا ساخرا غاضبا عباره
        حاليا مجددا اخيرا لاحقا سابقا مؤخرا موخرا اذاعيا تلفزيونيا وفق وفقا بحسب حسب بينما فيما مما لدي بانهم ولم
        ولن ولا وان وانه وانها وكان وكانت وما وفي ومن وعلي والي بهذا لهذا بذلك لذلك باللوم وذلك وهذا معه معها
        """)

    /// Whom words are addressed to, after ل: "لوكالة الأنباء", "لصحيفة".
    private static let addressees = set(
        """
        وكاله صحيفه قناه اذاعه موقع رويترز مراسل مجله برنامج جريده وسائل وسايل الصحافيين الصحفيين شبكه بي بي سي
        """)

    private static let offices = set(
        """
        متحدث متحدثه ناطق ناطقه وزير وزيره رئيس رئيسه رييس رييسه مدير مديره نائب نايب نائبه نايبه مسوول مسووله امين
        سفير سفيره قائد قايد قائده عضو خبير خبيره محلل محلله دكتور دكتوره استاذ سيد سيده لواء عقيد عميد فريق
        مقدم رائد رايد نقيب ملازم مشير جنرال كولونيل شيخ ملك ملكه امير اميره سلطان محافظ عمده مبعوث مندوب
        مفوض مفوضه حاكم قاضي محامي مدعي منسق زعيم مرشد كاتب شاعر مخرج مخرجه ممثل ممثله مدرب لاعب حارس فنان
        فنانه طبيب طبيبه مهندس مهندسه باحث باحثه ناشط ناشطه صحافي صحفي مراسل مستشار مستشاره مساعد وكيل نقيبه
        شاهد مصدر مالك صاحب منتج مهاجم قبطان بروفيسور اب مطران بطريرك بابا مفتي امام موسس رئيسا والي معتمد
        """)

    private static let institutions = set(
        """
        بلديه مجلس لجنه وزاره شركه هيئه هييه اتحاد نادي جمعيه حكومه حزب منظمه قسم دائره دايره مكتب موسسه جامعه
        ذات نفس فريق منتخب بنك مصرف كليه قوات جيش وكاله نقابه مديريه اداره سلطه محكمه مركز معهد مستشفي غرفه شوون شيون
        قسم وحده فرع برنامج مشروع جهاز اركان عام دوله وفد مصنع مدرسه كتله تيار جبهه حركه بعثه وزراء بلاد
        """)

    private static func set(_ words: String) -> Set<String> {
        Set(words.split(whereSeparator: \.isWhitespace).map(String.init))
    }
}
