/// The verbs and phrases that introduce somebody's words.
enum SpeechVerbs {
    /// What a word says about who speaks.
    enum Role {
        /// A finite verb: its subject may follow (`قال الوزير`, `said the mayor`).
        case verb
        /// A participle: its subject is that of the sentence (`قائلا`, `مضيفا`).
        case participle
        /// A noun of speech after "about him" (`عنه قوله`): the subject stands before it.
        case noun
        /// "According to": the name follows.
        case preposition
    }

    /// The role of a folded word, with or without و or ف before it.
    static func role(of word: String) -> Role? {
        if let role = roles[word] { return role }
        guard let first = word.first, first == "و" || first == "ف" else { return nil }
        return roles[String(word.dropFirst())]
    }

    private static let roles: [String: Role] = {
        var roles: [String: Role] = [:]
        for (role, words) in lists {
            for word in words.split(whereSeparator: \.isWhitespace) { roles[String(word)] = role }
        }
        return roles
    }()

    private static let lists: [(Role, String)] = [
        (
            .verb,
            """
            قال قالت قالوا قالا يقول تقول يقولون اضاف اضافت اضافوا يضيف تضيف اكد اكدت اكدوا يوكد توكد
            صرح صرحت صرحوا اوضح اوضحت اوضحوا يوضح توضح تابع تابعت اردف اردفت استطرد استطردت اشار اشارت
            اعلن اعلنت ذكر ذكرت كشف كشفت شدد شددت لفت لفتت نوه نوهت اعتبر اعتبرت حذر حذرت نفي نفت
            كتب كتبت غرد غردت علق علقت افاد افادت اختتم اختتمت ختم واصل واصلت روي روت تساءل تساءلت
            اعرب اعربت راي رات طالب طالبت دعا دعت هتف هتفت رد ردت اجاب اجابت يري تري وصف وصفت
            said says told added adds stated states explained announced insisted argued claimed noted
            warned wrote tweeted replied asked declared recalled continued concluded remarked
            """
        ),
        (
            .participle,
            """
            قائلا قائله قايلا قايله مضيفا مضيفه موكدا موكده موضحا موضحه مشيرا مشيره معتبرا معتبره معلقا معلقه
            مخاطبا متسائلا متسايلا مشددا مشدده محذرا محذره مردفا مصرحا كاتبا saying adding insisting
            """
        ),
        (.noun, "قوله قولها قولهم بقوله بقولها"),
        (.preposition, "بحسب حسب وفق وفقا according"),
    ]
}
