internal import BaridText

/// The words around names that tell what a name is: titles, heads of organisations, kinds of place.
///
/// All are compared in folded form; Arabic ones also after their clitics.
enum Vocabulary {
    /// Offices, ranks and forms of address that stand before a person's name.
    static let roles = folded(
        """
        الرئيس رئيس الرئيسة رئيسة وزير الوزير وزيرة الوزيرة القائد قائد السيد السيدة الدكتور
        الدكتورة دكتور المتحدث المتحدثة الناطق الناطقة اللواء العميد العقيد المقدم الرائد النقيب
        الفريق المشير الجنرال الملازم الرقيب الشيخ الملك ملك الملكة الأمير أمير الأميرة السلطان
        الإمام البابا الأستاذ الأستاذة المهندس المحامي المحامية القاضي النائب النائبة نائب السفير
        سفير السفيرة المدرب مدرب اللاعب المهاجم الحارس المخرج مخرج الفنان الفنانة الممثل الممثلة
        المطرب المطربة المغني المغنية الكاتب الكاتبة الشاعر الشاعرة الصحفي الصحافي الصحفية الإعلامي
        الإعلامية المستشار المستشارة مستشار المستشاره السيناتور المرشح المرشحة الزعيم زعيم مدير
        المدير مديرة مبعوث المبعوث أمين الأمين مؤسس المحلل الخبير الباحث الباحثة البروفسور القيادي
        المدعو الراحل المرحوم النجم النقابي الناشط الناشطة الحقوقي الحقوقية زوجته زوجها ابنه ابنته
        شقيقه نجله والده الأب القس المطران البطريرك الكولونيل الدبلوماسي الداعية الروائي الروائية
        المفكر الحاج الحاخام العلامة آية المرجع عضو الوالي والي المعتمد العمدة عمدة الحكم السائق
        المحافظ محافظ الملاكم العداء السباح الدراج الفيلسوف المؤرخ الرسام المصور المنتج المؤلف
        mr mrs ms miss dr prof professor president chancellor minister premier senator governor
        mayor king queen prince princess sir lord lady general colonel captain judge justice
        secretary spokesman spokeswoman spokesperson ambassador director coach actor actress singer
        author writer chairman chairwoman ceo congressman congresswoman pope imam sheikh sultan
        rep sen gov gen col capt lt sgt
        """)

    /// Words that introduce who speaks: `قال فلان`.
    static let speech = folded(
        """
        قال قالت أكد أكدت أضاف أضافت صرح صرحت أعلن أعلنت أوضح أوضحت ذكر ذكرت أشار أشارت اعتبر
        اعتبرت أفاد أفادت كشف كشفت شدد شددت بين بينت لفت رأى طالب طالبت دعا دعت وصف وصفت
        """)

    /// Words of grammar: never part of a name, whatever the lists say.
    static let functionWords = folded(
        """
        من إلى عن في مع بعد قبل منذ حتى بين أن إن أنه إنه أنها إنها كان كانت يكون تكون هذا هذه ذلك تلك
        هو هي هم هن نحن أنا أنت التي الذي الذين اللذين ما لا لم لن لو إذا إذ أو أم ثم بل قد لقد سوف كل
        بعض غير سوى عند عندما حيث كما لكن لأن لما مما عما فيما بينما خلال حول ضد نحو دون فوق تحت أمام
        وراء خلف عبر لدى له لها لهم به بها بهم فيه فيها منه منها عليه عليها إليه إليها ليس ليست أي أية
        كيف متى أين لماذا ماذا هل نعم كلا جدا أيضا فقط هنا هناك الآن أمس اليوم غدا يوم عام باسم وقد وأن
        وكان ولم ولا ومن وفي وهو وهي يا ولكن كذلك قال قالت وقال وقالت أكد وأكد أضاف وأضاف حين أول تم
        وتم يتم عدم مثل كي رغم بسبب وفق لكي نفس ذات بأن بأنه وان فإن
        """)

    /// Words inside a person's name that are never its end.
    static let nameParticles = folded(
        "بن ابن أبو أبي أبا آل عبد بنت ولد فان فون دي دو دا دوس لو لا ديل ال أوغلو ام van von de der den di da al el bin ibn abu la le du del dos bint ben"
    )

    /// Second parts of composed names: `عبد الرحمن`, `نور الدين`.
    static let nameTails = folded("الله الدين الإسلام الرحمن الرحيم الزهراء الهدى العابدين")

    /// Heads of organisations: what they are is in the word itself.
    static let organisationHeads = folded(
        """
        وزارة وكالة مجلس بنك البنك جيش الجيش حزب الحزب شركة جامعة منظمة اتحاد الاتحاد محكمة
        هيئة لجنة جمعية مؤسسة معهد حركة جبهة نقابة برلمان البرلمان بورصة صحيفة جريدة مجلة قناة
        إذاعة تلفزيون التلفزيون مستشفى كتائب تنظيم جماعة ميليشيا منتخب المنتخب نادي نادى فريق
        مصرف المصرف صندوق الصندوق مفوضية المفوضية محكمه النيابة رابطة مجموعة موقع كلية ديوان
        إدارة مديرية مركز الحرس حرس ائتلاف تحالف التحالف كتلة المجلس الهيئة اللجنة المنظمة
        المحكمة الوكالة الجامعة الجمعية الجبهة الحركة دائرة غرفة خطوط بلدية شبكة
        """)

    /// Heads that mean an organisation only with a name behind them, not with an adjective alone.
    static let weakHeads = folded(
        """
        مجموعة موقع فريق مركز إدارة دائرة غرفة شبكة لجنة اللجنة المجلس الهيئة المنظمة المحكمة
        الوكالة الجامعة الجمعية الحركة الحزب التحالف المنتخب الفريق الصندوق المصرف البرلمان جماعة
        تنظيم كتلة تحالف خطوط قناة حركة بلدية هيئة مستشفى التلفزيون المفوضية الجبهة
        """)

    /// What an organisation is for, between its name and the object: `لحقوق الإنسان`.
    static let purposes = folded(
        """
        لحقوق لمناهضة لمكافحة لشؤون لحماية لدعم لرعاية لتنمية لكرة لمقاومة لمتابعة لمراقبة لتحرير
        لإدارة لتشجيع لنصرة لتطوير لصناعة لتصدير لتجارة لبحوث لدراسات لنزع لتسيير
        """)

    /// What a place name follows: its kind, or a direction.
    static let placeHeads = folded(
        """
        مدينة محافظة ولاية بلدة قرية منطقة إقليم ضاحية حي مخيم مقاطعة معتمدية بلدية جزيرة جبل
        نهر بحيرة وادي ميناء مطار معبر مضيق خليج صحراء شبه شرق غرب شمال جنوب شرقي غربي شمالي
        جنوبي وسط ريف بمدينة العاصمة دولة جمهورية مملكة إمارة سلطنة قضاء لواء حدود سواحل ساحل
        بلاد ساحة شارع طريق
        """)

    /// Kinds of place that are part of the name.
    static let placeNouns = folded(
        """
        جزيرة جزر جبل جبال نهر بحيرة وادي ميناء مطار معبر مضيق خليج صحراء شارع ساحة بحر سجن ملعب
        قصر جامع مسجد سد جسر متحف حي مخيم شبه
        """)

    /// Prepositions that often stand before a place.
    static let placePrepositions = folded("في من إلى نحو عبر قرب in at near from to")

    /// Adjectives that belong to a name of an organisation or place, or to a title.
    static let commonAdjectives = folded(
        """
        العام العامة الأعلى العليا الوطني الوطنية الدولي الدولية العالمي العالمية المركزي المركزية
        الاتحادي الاتحادية الفيدرالي الشعبي الشعبية الإسلامي الإسلامية العربي العربية الأول الأولى
        السابق السابقة الأسبق الحالي الجديد الجديدة الرئاسي الحاكم التنفيذي التنفيذية التشريعي
        الديمقراطي الديمقراطية الجمهوري المسيحي الاشتراكي الشيوعي الليبرالي المستقل المستقلة الحر
        الحرة المسلح المسلحة الملكي الملكية الثوري الثورية المؤقت المؤقتة الانتقالي الانتقالية
        التأسيسي الدستوري الدستورية الجنائي الجنائية الرياضي الرياضية التجاري التجارية الزراعي
        الصناعي الصناعية المتحدة المتحد التونسي التونسية الكبرى العظمى المشترك المشتركة الأحمر
        الشمالي الشمالية الجنوبي الجنوبية الشرقي الشرقية الغربي الغربية الفني الراحل
        """)

    /// English words that end the name of an organisation, or begin it.
    static let englishOrganisations = folded(
        """
        inc ltd corp corporation company co plc llc university ministry council party bank agency
        committee commission association federation union institute group court army police
        parliament department organization organisation foundation club hospital college school
        authority bureau board fund league guard airlines news times post network
        """)

    /// English kinds of place that are part of the name.
    static let englishPlaces = folded(
        """
        river lake sea ocean island islands mountains mountain valley bay strait gulf street avenue
        airport park square desert peninsula city county province
        """)

    /// English words that begin sentences and are no names.
    static let englishWords = folded(
        """
        the a an and or but if in on at by for from to of with as is are was were be been has have
        had he she it they we you i his her its their our my this that these those there here who
        what when where which why how not no yes all some any many most more other another such
        after before during while since until although because however meanwhile also only just now
        then today yesterday tomorrow new old first last next two three four five six seven eight
        nine ten one per about over under between into through against so do does did will would can
        could may might must shall should said says
        """)

    private static func folded(_ words: String) -> Set<String> {
        Set(words.split(whereSeparator: \.isWhitespace).map { Folding.key(String($0)) })
    }
}
