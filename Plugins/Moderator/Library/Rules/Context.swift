internal import BaridText

/// Words around a term that change what it means.
enum Context {
    /// `ليس غبيا`, `not stupid`.
    static let negations = folded(
        "ليس ليست لست لسنا مش مو موب ما لا غير ليسوا not isn't aren't never no wasn't ain't")

    /// Words that turn what follows to or upon somebody.
    static let addresses = folded(
        """
        يا انت انتم انتي انتو انتوا هؤلاء هاذول هذول هذا هذه هو هي هم هاد هالـ انك انكم انكو ايها
        كلكم كلهم اسمع خل هيك واحد مجرد اكبر اي وانت وانتم وهو you you're your u ur are is
        such this these those what he she they he's she's they're
        """)

    /// Words that do so from behind.
    static let pronouns = folded("انت انتم انتي هو هي هم وانت ابن بن مثلك مثلكم زيك زيكم like you")

    /// Whether a word names people by faith, origin, sex or colour.
    static func isGroup(_ word: ModeratedText.Word) -> Bool {
        groups.contains(word.text)
            || word.forms.contains { groups.contains($0) && $0.unicodeScalars.count > 4 }
    }

    private static let groups = folded(
        """
        المسلمين المسلمون الاسلام المسيحيين المسيحيون النصارى اليهود الشيعة السنة الدروز العلويين
        الأقباط الأكراد الكرد الأمازيغ البربر السود الأفارقة الزنوج العرب الأجانب اللاجئين اللاجئون
        المهاجرين النازحين النساء الحريم المرأة البنات النسوان المثليين الوافدين البدو الغجر
        العبيد muslims christians jews blacks africans arabs immigrants refugees women foreigners
        gays migrants gypsies
        """)

    private static func folded(_ words: String) -> Set<String> {
        Set(words.split(whereSeparator: \.isWhitespace).map { Folding.key(String($0)) })
    }
}
