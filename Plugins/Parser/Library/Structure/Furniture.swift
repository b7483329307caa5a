import BaridSchema

/// Tells lines that belong to the page from lines that belong to the article.
///
/// A line is taken out only by wording that an article does not have at that place, and never a
/// long one; what is taken out is kept under `removed`.
enum Furniture {
    /// What a line is to the page; nil for a line of the article.
    static func kind(of line: Line) -> Barid_Article_V1_Removed.Kind? {
        guard !line.words.isEmpty, line.count <= longestLine else { return nil }
        if line.words.count <= 5 {
            if exactAdvertisements.contains(line.words) { return .advertisement }
            if exactNavigation.contains(line.words) { return .navigation }
        }
        if line.begins(related), line.count <= 200 { return .related }
        if isDisclaimer(line) { return .disclaimer }
        if isFollowUs(line) { return .followUs }
        return nil
    }

    private static let longestLine = 500

    /// Whether a line says whose opinion the comments are, or whose the rights.
    private static func isDisclaimer(_ line: Line) -> Bool {
        if line.count <= 200, line.hasAny(rights) { return true }
        return line.hasAny(disclaimerSubjects) && line.hasAny(disclaimerClaims)
    }

    private static func isFollowUs(_ line: Line) -> Bool {
        guard line.count <= 250 else { return false }
        if line.begins(followAlways) { return true }
        return line.begins(followVerbs) && line.hasAny(channels) && !line.hasAny(speech)
    }

    private static let followAlways = phrases(
        """
        تابعونا
        تابعنا على
        تابعنا عبر
        لمتابعة أخبارنا
        لمتابعة آخر الأخبار
        اشترك في
        اشتركوا في
        انضم إلى قناتنا
        انضموا إلى
        حمل تطبيق
        حملوا تطبيق
        follow us
        like us on
        find us on
        join us on
        subscribe to our
        subscribe now
        sign up for
        sign up to
        download our app
        download the app
        click here to
        """)

    private static let followVerbs = phrases(
        """
        تابعوا
        تابع
        تابعي
        لمتابعة
        للمزيد
        لمزيد من
        شارك
        شاركوا
        شاركنا
        اضغط
        اضغطوا
        انقر
        زوروا
        follow
        like
        share
        join
        get the latest
        for more
        """)

    private static let channels = phrases(
        """
        عبر صفحة
        عبر صفحتنا
        عبر قناة
        عبر قناتنا
        عبر تطبيق
        عبر موقع
        صفحتنا
        قناتنا
        حسابنا
        تطبيقنا
        موقعنا
        على فيسبوك
        على الفيسبوك
        على فيس بوك
        على تويتر
        على تلغرام
        على التلغرام
        على تيليجرام
        على واتساب
        على يوتيوب
        على انستغرام
        جوجل نيوز
        غوغل نيوز
        اضغط هنا
        انقر هنا
        النشرة البريدية
        facebook
        twitter
        telegram
        whatsapp
        youtube
        instagram
        newsletter
        our page
        our channel
        our app
        google news
        this article
        this story
        """)

    /// `تابع` also means "went on to say": a line with such words is the article's.
    private static let speech = phrases(
        """
        قائلا
        قائلة
        أن
        إن
        أنه
        """)

    private static let related = phrases(
        """
        اقرأ أيضا
        إقرأ أيضا
        اقرؤوا أيضا
        اقرأ المزيد
        شاهد أيضا
        شاهد الفيديو
        شاهدوا أيضا
        طالع أيضا
        مواضيع ذات صلة
        موضوعات ذات صلة
        أخبار ذات صلة
        مقالات ذات صلة
        مواضيع متعلقة
        موضوعات متعلقة
        أخبار متعلقة
        قد يعجبك أيضا
        read also
        also read
        read more
        see also
        related articles
        related stories
        related news
        more on this
        you may also like
        """)

    private static let disclaimerSubjects = phrases(
        """
        التعليقات
        تعليقات
        الآراء
        آراء
        المقالات
        المقال
        المواد المنشورة
        جميع المواد
        comments
        opinions
        views
        """)

    private static let disclaimerClaims = phrases(
        """
        لا تعبر
        لا يعبر
        لا تمثل
        لا يمثل
        لا تعكس
        ولا تعبر
        تعبر عن رأي
        تعبر عن آراء
        تعبر عن وجهة
        تمثل رأي
        غير مسؤول
        غير مسؤولة
        لا يتحمل
        لا تتحمل
        do not represent
        do not reflect
        do not necessarily
        does not necessarily
        not necessarily reflect
        are those of
        not responsible for
        """)

    private static let rights = phrases(
        """
        جميع الحقوق محفوظة
        كافة الحقوق محفوظة
        حقوق النشر محفوظة
        all rights reserved
        """)

    private static let exactAdvertisements = phrases(
        """
        إعلان
        اعلانات
        إعلانات
        advertisement
        sponsored
        """)

    private static let exactNavigation = phrases(
        """
        الرئيسية
        طباعة
        اطبع
        مشاركة
        شارك
        شارك الخبر
        شارك المقال
        أضف تعليق
        أضف تعليقا
        أضف تعليقك
        اترك تعليقا
        اترك ردا
        إرسال إلى صديق
        أرسل إلى صديق
        العودة إلى الأعلى
        home
        print
        share
        tweet
        share this article
        leave a comment
        leave a reply
        add a comment
        post a comment
        back to top
        """)
}
