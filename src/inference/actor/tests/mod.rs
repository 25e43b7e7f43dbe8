//! Own-written sentences with the mentions that a reader finds in them, and what must hold for any text at all.

mod catalogue;

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::{Catalogue, Matcher};

/// Language, text, and its mentions as "id surface", in order.
type Case = (&'static str, &'static str, &'static [&'static str]);

const ARABIC: &[Case] = &[
    (
        "ar",
        "التقى الرئيس الروسي فلاديمير بوتين نظيره الكوري الشمالي كيم جونغ أون في بيونغ يانغ.",
        &[
            "RU الروسي",
            "vladimir-putin فلاديمير بوتين",
            "KP الكوري الشمالي",
            "kim-jong-un كيم جونغ أون",
            "KP بيونغ يانغ",
        ],
    ),
    (
        "ar",
        "وأمريكا وبريطانيا مع أوكرانيا، والصين تدعو للسلام",
        &["US أمريكا", "GB بريطانيا", "UA أوكرانيا", "CN الصين"],
    ),
    ("ar", "منح للولايات المتحدة وللصين ولأوكرانيا", &["US للولايات المتحدة", "CN للصين", "UA أوكرانيا"]),
    ("ar", "والولايات المتحدة الأمريكية بالتعاون مع الناتو", &["US الولايات المتحدة الأمريكية", "NATO الناتو"]),
    ("ar", "تكنولوجيا للكوريين الشماليين والقوات الكورية الشمالية", &["KP للكوريين الشماليين", "KP الكورية الشمالية"]),
    ("ar", "الدولتان الروسيتان والجنود الروس مع روسيتين", &["RU الروسيتان", "RU الروس", "RU روسيتين"]),
    ("ar", "قمة حلف شمال الأطلسي، ولحلف الناتو موقف", &["NATO حلف شمال الأطلسي", "NATO حلف الناتو"]),
    ("ar", "هجوم أميركيّ على الـعـراق وعلى اليمنيين", &["US أميركيّ", "IQ الـعـراق", "YE اليمنيين"]),
    ("ar", "المستشار الألماني زار ألمانيا ثم اوكرانيا", &["DE الألماني", "DE ألمانيا", "UA اوكرانيا"]),
    (
        "ar",
        "قرار مجلس الأمن الدولي وموقف الاتحاد الأوروبي والأمم المتحدة",
        &["UN-SC مجلس الأمن الدولي", "EU الاتحاد الأوروبي", "UN الأمم المتحدة"],
    ),
    (
        "ar",
        "قال بوتين لكيم وكيم لبوتين",
        &["vladimir-putin بوتين", "kim-jong-un كيم", "kim-jong-un كيم", "vladimir-putin بوتين"],
    ),
    // Floods, a lazy student, a bank, Bruce, hatred, a bank of the river, how, the course of events, enthusiasm.
    ("ar", "ضربت سيول جارفة المدينة، والطالب كسول، وقال بروس: كيف نعمل بحماس في المصرف ومجرى النهر بقطر واسع؟", &[]),
    ("ar", "انضمت أمريكا اللاتينية إلى المحيط الهندي", &[]),
    ("ar", "حكيم ورسول وعروس وفيروس", &[]),
];

const ENGLISH: &[Case] = &[
    (
        "en",
        "The US told us that Russia's ally, North Korea, will not join NATO.",
        &["US US", "RU Russia", "KP North Korea", "NATO NATO"],
    ),
    ("en", "TURKEY AND CHINA SIGN DEAL", &["TR TURKEY", "CN CHINA"]),
    ("en", "Roast turkey on fine china, and polish the silver.", &[]),
    (
        "en",
        "Turkey’s president met the Polish and South Korean ministers; the North Koreans left.",
        &["TR Turkey", "PL Polish", "KR South Korean", "KP North Koreans"],
    ),
    ("en", "Korean food and Korea itself", &[]),
    ("en", "Michael Jordan met Chad in Georgia", &[]),
    ("en", "Vladimir Putin and Xi spoke; Chapter XI covers xi.", &["vladimir-putin Vladimir Putin", "xi-jinping Xi"]),
    (
        "en",
        "U.S.-led talks between the U.S. and the EU in Washington, D.C.",
        &["US U.S.", "US U.S.", "EU EU", "US Washington"],
    ),
    ("en", "The UN Security Council and the United\nNations", &["UN-SC UN Security Council", "UN United\nNations"]),
    (
        "en",
        "Ursula von der Leyen and Kim Jong-un, or Kim Jong Un",
        &["ursula-von-der-leyen Ursula von der Leyen", "kim-jong-un Kim Jong-un", "kim-jong-un Kim Jong Un"],
    ),
    (
        "en",
        "Latin American leaders read the Washington Post in South America, and Daniil Medvedev won the US Open.",
        &[],
    ),
    ("en", "Let us go; the bus is about to stop, thus.", &[]),
    (
        "en",
        "Orbán, Erdoğan and Lukashenko",
        &["viktor-orban Orbán", "recep-tayyip-erdogan Erdoğan", "alexander-lukashenko Lukashenko"],
    ),
    (
        "en",
        "Russian-Ukrainian talks #Russia @Ukraine (China)",
        &["RU Russian", "UA Ukrainian", "RU Russia", "UA Ukraine", "CN China"],
    ),
    // A foreign script in an English text.
    ("en", "Moscow (Москва) and الصين and 러시아는", &["RU Moscow", "RU Москва", "CN الصين", "RU 러시아"]),
];

const RUSSIAN: &[Case] = &[
    (
        "ru",
        "Россию, Россией и России поддержали США, КНДР и Южной Кореи посол",
        &["RU Россию", "RU Россией", "RU России", "US США", "KP КНДР", "KR Южной Кореи"],
    ),
    (
        "ru",
        "Переговоры Путина с Си Цзиньпином и Ким Чен Ыном",
        &["vladimir-putin Путина", "xi-jinping Си Цзиньпином", "kim-jong-un Ким Чен Ыном"],
    ),
    (
        "ru",
        "С Путиным говорили о Пхеньяне, Вашингтоном недовольны в Москве",
        &["vladimir-putin Путиным", "KP Пхеньяне", "US Вашингтоном", "RU Москве"],
    ),
    (
        "ru",
        "российского и северокорейскому россиянам украинцев",
        &["RU российского", "KP северокорейскому", "RU россиянам", "UA украинцев"],
    ),
    (
        "ru",
        "Российско-украинские отношения, НАТО и Соединённых Штатов Америки",
        &["RU Российско", "UA украинские", "NATO НАТО", "US Соединённых Штатов Америки"],
    ),
    (
        "ru",
        "Росси́я и Белый дом; в Белом доме ждут Зеленского",
        &["RU Росси́я", "US Белый дом", "US Белом доме", "volodymyr-zelensky Зеленского"],
    ),
    ("ru", "Ирина и Ира едят китовое мясо, песков и путина", &[]),
    ("ru", "Латинской Америке нужен русский язык", &[]),
    ("ru", "Обама и Меркель с Байденом", &["barack-obama Обама", "angela-merkel Меркель", "joe-biden Байденом"]),
];

const UKRAINIAN: &[Case] = &[
    (
        "uk",
        "Росії та Росією, російський посол, Україні й Україною",
        &["RU Росії", "RU Росією", "RU російський", "UA Україні", "UA Україною"],
    ),
    (
        "uk",
        "Зеленського у Києві чекають США та Сполученими Штатами",
        &["volodymyr-zelensky Зеленського", "UA Києві", "US США", "US Сполученими Штатами"],
    ),
    ("uk", "українців і росіян, В’єтнам", &["UA українців", "RU росіян", "VN В’єтнам"]),
    (
        "uk",
        "у Білому домі про китайської армії наступ, Північної Кореї й ХАМАСу",
        &["US Білому домі", "CN китайської", "KP Північної Кореї", "Hamas ХАМАСу"],
    ),
];

const KOREAN: &[Case] = &[
    (
        "ko",
        "러시아는 북한과의 협력을, 미국에서는 우크라이나를 논의했다",
        &["RU 러시아", "KP 북한", "US 미국", "UA 우크라이나"],
    ),
    (
        "ko",
        "푸틴 대통령과 김정은 국무위원장이 평양에서 만났다",
        &["vladimir-putin 푸틴", "kim-jong-un 김정은 국무위원장", "KP 평양"],
    ),
    ("ko", "한미 정상회담과 한·미·일 협력, 북러관계", &["KR 한", "US 미", "KR 한", "US 미", "JP 일", "KP 북", "RU 러"]),
    ("ko", "北, 미사일 발사…美 국무부 규탄", &["KP 北", "US 美"]),
    ("ko", "이란과 이란은, 대북한 제재와 친러시아", &["IR 이란", "IR 이란", "KP 북한", "RU 러시아"]),
    // A shipyard, a mountain, rush hour, a pharmaceutical firm, humanitarian, "what is called love", twins.
    ("ko", "조선소와 조선시대, 북한산의 러시아워, 한미약품의 인도적 지원, ‘사랑’이란 이란성 쌍둥이", &[]),
    ("ko", "북미 시장과 한우는 맛있다", &[]),
];

const CHINESE: &[Case] = &[
    (
        "zh",
        "中美关系与俄乌冲突，美方和俄方，朝鲜和韩国",
        &["CN 中", "US 美", "RU 俄", "UA 乌", "US 美方", "RU 俄方", "KP 朝鲜", "KR 韩国"],
    ),
    ("zh", "其中美国最大，3日美国总统特朗普访华", &["US 美国", "US 美国", "donald-trump 特朗普"]),
    ("zh", "美丽的中间地带，完美方案，集中日常学习", &[]),
    ("zh", "朝鲜半岛、印度尼西亚、罗马尼亚和中美洲", &[]),
    (
        "zh",
        "習近平與普京、澤連斯基談烏克蘭與俄羅斯",
        &["xi-jinping 習近平", "vladimir-putin 普京", "volodymyr-zelensky 澤連斯基", "UA 烏克蘭", "RU 俄羅斯"],
    ),
    ("zh", "弗拉基米尔•普京在NATO峰会", &["vladimir-putin 弗拉基米尔•普京", "NATO NATO"]),
    ("zh", "白俄罗斯与北朝鲜", &["BY 白俄罗斯", "KP 北朝鲜"]),
];

const JAPANESE: &[Case] = &[
    (
        "ja",
        "日米韓首脳会談でトランプ米大統領は北朝鮮の金正恩氏に言及した",
        &["JP 日", "US 米", "KR 韓", "donald-trump トランプ", "US 米大統領", "KP 北朝鮮", "kim-jong-un 金正恩氏"],
    ),
    (
        "ja",
        "米ロ協議、プーチン大統領とロシア、ウクライナ",
        &["US 米", "RU ロ", "vladimir-putin プーチン", "RU ロシア", "UA ウクライナ"],
    ),
    ("ja", "ﾛｼｱと中国", &["RU ﾛｼｱ", "CN 中国"]),
    ("ja", "新米の値段、欧米中心、日中は晴れ、朝鮮半島、中国地方、インドネシア、12日米を食べた", &[]),
];

const OTHERS: &[Case] = &[
    (
        "fr",
        "L’Ukraine et la Russie, d’Iran, les Nord-Coréennes et l'OTAN",
        &["UA Ukraine", "RU Russie", "IR Iran", "KP Nord-Coréennes", "NATO OTAN"],
    ),
    (
        "fr",
        "Les troupes russes et la diplomatie américaine, Poutine",
        &["RU russes", "US américaine", "vladimir-putin Poutine"],
    ),
    ("fr", "En Amérique latine, un homme cite السعودية", &["SA السعودية"]),
    (
        "es",
        "Rusia, las tropas rusas y los rusos; EE. UU., EE.UU. y EEUU",
        &["RU Rusia", "RU rusas", "RU rusos", "US EE. UU.", "US EE.UU.", "US EEUU"],
    ),
    ("es", "El japonés y la española duda", &["JP japonés", "ES española"]),
    (
        "de",
        "Russlands Krieg, russischen Truppen, der Kreml und Putins Pläne",
        &["RU Russlands", "RU russischen", "RU Kreml", "vladimir-putin Putins"],
    ),
    (
        "de",
        "US-Präsident in den Vereinigten Staaten, des Weißen Hauses und der EU-Kommission",
        &["US US", "US Vereinigten Staaten", "US Weißen Hauses", "EU EU-Kommission"],
    ),
    ("de", "Die Deutsche Bahn in Südamerika, ein Pole am Nordpol", &["PL Pole"]),
    ("fa", "روسیه و آمریکایی‌ها، کره شمالی و ایران", &["RU روسیه", "US آمریکایی", "KP کره شمالی", "IR ایران"]),
    ("fa", "کی‌یف و رام‌الله؛ کیف و کرهٔ زمین", &["UA کی‌یف", "PS رام‌الله"]),
    ("tr", "Rusya'nın, Rusya’ya ve Türkiye'de ABD'li yetkililer", &["RU Rusya", "RU Rusya", "TR Türkiye", "US ABD"]),
    ("tr", "RUSYA VE İRAN, Ruslar, Kuzey Kore'nin", &["RU RUSYA", "IR İRAN", "RU Ruslar", "KP Kuzey Kore"]),
    ("tr", "Ruslan hindi pişirdi", &[]),
    // Languages without aliases of their own, and an unknown one.
    (
        "it",
        "Putin e Zelensky parlano di NATO, un americano a Roma",
        &["vladimir-putin Putin", "volodymyr-zelensky Zelensky", "NATO NATO"],
    ),
    ("und", "Poutine, Путин, 普京", &["vladimir-putin Poutine", "vladimir-putin Путин", "vladimir-putin 普京"]),
    ("pt-BR", "EU gosto da NATO", &["NATO NATO"]),
];

const ALL: &[&[Case]] = &[ARABIC, ENGLISH, RUSSIAN, UKRAINIAN, KOREAN, CHINESE, JAPANESE, OTHERS];

fn shipped() -> (Catalogue, Matcher) {
    let catalogue = Catalogue::shipped().expect("the shipped catalogue is valid");
    let matcher = Matcher::new(&catalogue).expect("the shipped catalogue compiles");
    (catalogue, matcher)
}

fn found(catalogue: &Catalogue, matcher: &Matcher, text: &str, language: &str) -> Vec<String> {
    let mentions = matcher.find(text, language);
    mentions
        .iter()
        .map(|mention| format!("{} {}", catalogue.actors()[mention.actor].id, mention.span.of(text)))
        .collect()
}

#[test]
fn sentences() {
    let (catalogue, matcher) = shipped();
    let wrong: Vec<String> = ALL
        .iter()
        .flat_map(|cases| cases.iter())
        .filter_map(|(language, text, expected)| {
            let found = found(&catalogue, &matcher, text, language);
            (found != *expected).then(|| format!("{language} {text}\n  expected {expected:?}\n  found    {found:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Decomposed text (accents, Hangul as jamo, alef and hamza apart) names the same actors at the same places.
#[test]
fn decomposed_text_has_the_same_mentions() {
    let (catalogue, matcher) = shipped();
    for (language, text, expected) in ALL.iter().flat_map(|cases| cases.iter()) {
        let decomposed: String = text.nfd().collect();
        let found = found(&catalogue, &matcher, &decomposed, language);
        let found: Vec<String> = found.iter().map(|mention| mention.nfc().collect()).collect();
        let expected: Vec<String> = expected.iter().map(|mention| mention.nfc().collect()).collect();
        assert_eq!(found, expected, "{text}");
    }
}

/// Every alias, alone in a text of its language, is a mention of its actor, unless the catalogue calls it a decoy.
#[test]
fn every_alias_is_found() {
    let (catalogue, matcher) = shipped();
    for actor in catalogue.actors() {
        let tables = [&actor.names, &actor.seats, &actor.demonyms];
        for (language, alias) in
            tables.iter().flat_map(|table| table.iter()).flat_map(|(l, names)| names.iter().map(move |name| (l, name)))
        {
            let mentions = found(&catalogue, &matcher, alias, language);
            assert_eq!(mentions, [format!("{} {alias}", actor.id)], "{language}");
        }
    }
}

#[test]
fn a_matcher_without_actors_finds_nothing() {
    let empty = Matcher::new(&Catalogue::default()).expect("an empty catalogue compiles");
    assert_eq!(empty.find("Russia", "en"), []);
}

/// Pieces of names, clitics and marks, so that random texts come close to real mentions.
const PIECES: &str = "(\\PC|[\\x00-\\x20]|Russia|US|us|’s|-| |South |Korea|росси|я|ей|ال|و|لل|صين|روسي|ة|ـ|َ|\u{200c}|북한|한미|은|中|美|国|日|ロ|シア|é|e\u{301}|\u{1112}|\u{1161}|ﷺ|İ|ß|ﬁ){0,60}";

proptest! {
    #[test]
    fn any_text_has_sorted_spans_that_do_not_overlap(text in PIECES, language in "(ar|en|ru|ko|zh|ja|de|und|x)") {
        thread_local!(static SHIPPED: (Catalogue, Matcher) = shipped());
        SHIPPED.with(|(catalogue, matcher)| {
            let mut end = 0;
            for mention in matcher.find(&text, &language) {
                prop_assert!(mention.actor < catalogue.len());
                prop_assert!(mention.span.start() >= end && !mention.span.is_empty());
                prop_assert!(text.get(mention.span.range()).is_some());
                end = mention.span.end();
            }
            Ok(())
        })?;
    }
}
