//! Text folded for comparison, with the way back to the source.
//!
//! Folding takes away what does not tell two names apart: case, accents, harakat and tatweel, forms of alef, kinds of
//! dash and apostrophe, traditional against simplified characters. It works cluster by cluster (a character and the
//! marks on it), because normalising the whole text first would lose where each piece came from.

use std::ops::Range;

use unicode_normalization::{IsNormalized, UnicodeNormalization, char::is_combining_mark, is_nfkc_quick};

use crate::Span;

/// A text and its folded form.
#[derive(Debug)]
pub(super) struct Folded<'a> {
    source: &'a str,
    text: String,
    /// For every byte of `text`, the source byte at which the cluster that it came from starts.
    origin: Vec<usize>,
}

impl<'a> Folded<'a> {
    /// Fold `source`.
    pub(super) fn new(source: &'a str) -> Self {
        let mut folded =
            Self { source, text: String::with_capacity(source.len()), origin: Vec::with_capacity(source.len()) };
        let mut rest = source;
        while !rest.is_empty() {
            let (cluster, after) = rest.split_at(cluster_len(rest));
            folded.push(cluster, source.len() - rest.len());
            rest = after;
        }
        folded
    }

    /// The folded text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where the bytes `folded` of the folded text stand in the source, whole clusters only.
    pub(super) fn span(&self, folded: Range<usize>) -> Option<Span> {
        let first = *self.origin.get(folded.start)?;
        let last = *self.origin.get(folded.end.checked_sub(1)?)?;
        Span::new(self.source, first, last + cluster_len(self.source.get(last..)?))
    }

    /// The source from the cluster that the folded byte `at` came from.
    pub(super) fn source_at(&self, at: usize) -> &'a str {
        self.origin.get(at).and_then(|&byte| self.source.get(byte..)).unwrap_or_default()
    }

    /// Whether the source has a capital where the folded byte `at` came from.
    pub(super) fn is_capital(&self, at: usize) -> bool {
        self.source_at(at).chars().next().is_some_and(char::is_uppercase)
    }

    fn push(&mut self, cluster: &str, start: usize) {
        let mut chars = cluster.chars();
        match (chars.next(), chars.next()) {
            (Some(only), None) if only.is_ascii_alphanumeric() => self.emit(only.to_ascii_lowercase()),
            // Before NFKC, which would turn some of these into a space and a mark.
            (Some('’' | '‘' | 'ʼ' | 'ʹ' | '´' | '`' | '′'), None) => self.emit('\''),
            (Some(only), None) if is_nfkc_quick(std::iter::once(only)) == IsNormalized::Yes => self.fold(only),
            _ => cluster.nfkc().for_each(|c| self.fold(c)),
        }
        self.origin.resize(self.text.len(), start);
    }

    fn fold(&mut self, c: char) {
        for c in c.to_lowercase() {
            match c {
                _ if is_ignorable(c) => {}
                _ if is_separator(c) => {
                    if !self.text.ends_with(' ') {
                        self.emit(' ');
                    }
                }
                'ё' => self.emit('е'),
                'ı' => self.emit('i'),
                'ß' => self.text.push_str("ss"),
                'æ' => self.text.push_str("ae"),
                'œ' => self.text.push_str("oe"),
                'ø' => self.emit('o'),
                'ł' => self.emit('l'),
                'đ' => self.emit('d'),
                'أ' | 'إ' | 'آ' | 'ٱ' => self.emit('ا'),
                'ى' | 'ی' | 'ئ' => self.emit('ي'),
                'ة' | 'ۀ' | 'ہ' | 'ھ' | 'ە' => self.emit('ه'),
                'ک' | 'ڪ' => self.emit('ك'),
                'ؤ' => self.emit('و'),
                'ڤ' => self.emit('ف'),
                '・' | '•' | '‧' | '·' => self.emit('·'),
                '\u{370}'..='\u{3ff}' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1fff}' => {
                    std::iter::once(c).nfkd().filter(|&c| !is_ignorable(c)).for_each(|c| self.emit(c));
                }
                '\u{4e00}'..='\u{9fff}' => self.emit(simplified(c)),
                _ => self.emit(c),
            }
        }
    }

    fn emit(&mut self, c: char) {
        self.text.push(c);
    }
}

/// Bytes of the first cluster of `text`: a character with the marks, Hangul jamo or half-width voicing after it.
fn cluster_len(text: &str) -> usize {
    let joins = |c: char| {
        !c.is_ascii() && (is_combining_mark(c) || matches!(c, '\u{1160}'..='\u{11ff}' | '\u{ff9e}' | '\u{ff9f}'))
    };
    text.char_indices().skip(1).find(|&(_, c)| !joins(c)).map_or(text.len(), |(byte, _)| byte)
}

/// Marks and format characters that carry no difference between names. The vowel signs of Indic scripts do.
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}'
        | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}'
        | '\u{6e7}' | '\u{6e8}' | '\u{6ea}'..='\u{6ed}' | '\u{ad}' | '\u{200b}' | '\u{200d}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// White space and dashes, and the zero-width non-joiner, which parts a Persian word from its suffix.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{58a}' | '\u{5be}' | '\u{200c}')
}

/// The simplified form of a traditional character, for those that occur in names of the catalogue.
fn simplified(c: char) -> char {
    TRADITIONAL.binary_search(&c).ok().and_then(|at| SIMPLIFIED.get(at).copied()).unwrap_or(c)
}

/// In order of code points.
const TRADITIONAL: [char; 135] = [
    '亞', '倫', '傑', '優', '內', '別', '務', '勞', '勵', '協', '員', '喬', '國', '圖', '團', '堅', '報', '奧', '婭',
    '學', '宮', '實', '寧', '審', '島', '嶼', '幣', '庫', '強', '悅', '愛', '戰', '揚', '敘', '時', '晉', '書', '會',
    '東', '條', '業', '構', '機', '權', '歐', '歷', '澤', '灣', '烏', '爾', '獨', '瑪', '畢', '盧', '眾', '節', '約',
    '納', '紐', '組', '統', '維', '緬', '練', '總', '織', '罷', '羅', '羋', '義', '習', '聖', '聞', '聯', '臘', '臺',
    '與', '華', '萊', '萬', '葉', '蓋', '薩', '蘇', '蘭', '衛', '裝', '託', '記', '謝', '議', '讚', '貝', '財', '貨',
    '費', '貿', '賀', '賈', '賓', '贊', '車', '軍', '輔', '輸', '連', '週', '運', '達', '遜', '邁', '郵', '銀', '錦',
    '錫', '長', '門', '開', '陸', '隊', '際', '韋', '韓', '頓', '顛', '馬', '馮', '魯', '鮑', '鮮', '麗', '黃', '黨',
    '齊', '龍',
];

/// The same characters, simplified.
const SIMPLIFIED: [char; 135] = [
    '亚', '伦', '杰', '优', '内', '别', '务', '劳', '励', '协', '员', '乔', '国', '图', '团', '坚', '报', '奥', '娅',
    '学', '宫', '实', '宁', '审', '岛', '屿', '币', '库', '强', '悦', '爱', '战', '扬', '叙', '时', '晋', '书', '会',
    '东', '条', '业', '构', '机', '权', '欧', '历', '泽', '湾', '乌', '尔', '独', '玛', '毕', '卢', '众', '节', '约',
    '纳', '纽', '组', '统', '维', '缅', '练', '总', '织', '罢', '罗', '芈', '义', '习', '圣', '闻', '联', '腊', '台',
    '与', '华', '莱', '万', '叶', '盖', '萨', '苏', '兰', '卫', '装', '托', '记', '谢', '议', '赞', '贝', '财', '货',
    '费', '贸', '贺', '贾', '宾', '赞', '车', '军', '辅', '输', '连', '周', '运', '达', '逊', '迈', '邮', '银', '锦',
    '锡', '长', '门', '开', '陆', '队', '际', '韦', '韩', '顿', '颠', '马', '冯', '鲁', '鲍', '鲜', '丽', '黄', '党',
    '齐', '龙',
];

/// The script of a letter or digit, as far as the rules for names tell scripts apart; `None` for what is not part of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Cyrillic,
    Arabic,
    Hangul,
    Han,
    Katakana,
    /// Written without spaces, and no rule of its own: Hiragana, Thai, Lao, Khmer, Burmese.
    Unspaced,
    Other,
}

impl Script {
    /// The script of `c`.
    pub(super) fn of(c: char) -> Option<Self> {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}'
                if c.is_alphanumeric() =>
            {
                Some(Self::Latin)
            }
            '\u{400}'..='\u{52f}' => Some(Self::Cyrillic),
            '\u{600}'..='\u{77f}' | '\u{8a0}'..='\u{8ff}' if c.is_alphabetic() => Some(Self::Arabic),
            '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{ac00}'..='\u{d7a3}' => Some(Self::Hangul),
            '々'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}' => Some(Self::Han),
            '\u{30a1}'..='\u{30fa}' | '\u{30fc}' => Some(Self::Katakana),
            '\u{3041}'..='\u{309f}' | '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' => {
                Some(Self::Unspaced)
            }
            _ if c.is_alphabetic() || is_combining_mark(c) => Some(Self::Other),
            _ => None,
        }
    }

    /// Whether `language` is one of those of the catalogue that spell different things in this script.
    pub(super) fn writes(self, language: &str) -> bool {
        match self {
            Self::Arabic => matches!(language, "ar" | "fa"),
            Self::Han | Self::Katakana => matches!(language, "zh" | "ja"),
            _ => false,
        }
    }
}
