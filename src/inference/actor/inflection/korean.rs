//! Korean, which writes particles and the second parts of compounds together with the name.

use super::{Affixes, After, Before, Spelled};
use crate::actor::pattern::Role;

pub(super) fn affixes(spelled: Spelled<'_>) -> Affixes {
    let Spelled { word, role, .. } = spelled;
    // Long names, and names in "-국" (country), begin no other word; 이란, 인도, 독일 or a compound (한미) may.
    let open = role != Role::Compound && (word.chars().nth(2).is_some() || word.ends_with('국'));
    let after = if open { After::Anything } else { After::Particles };
    Affixes { before: Before::Prefixes(TOWARD), after }
}

/// Toward, pro-, anti-, post-, stationed in, resident in.
const TOWARD: &[&str] = &["", "대", "친", "반", "탈", "주", "재"];

/// Whether `rest`, what follows a Korean name up to the end of the word, is a particle or starts a known second part.
pub(in crate::actor) fn is_tail(rest: &str) -> bool {
    rest.is_empty() || PARTS.iter().any(|part| rest.starts_with(part)) || is_particles(rest, 3)
}

fn is_particles(rest: &str, left: usize) -> bool {
    rest.is_empty()
        || left > 0 && PARTICLES.iter().any(|p| rest.strip_prefix(p).is_some_and(|rest| is_particles(rest, left - 1)))
}

#[rustfmt::skip]
const PARTICLES: &[&str] = &[
    "은", "는", "이", "가", "을", "를", "의", "에", "에서", "에게", "께서", "한테", "와", "과", "랑", "이랑", "도", "만", "로",
    "으로", "까지", "부터", "처럼", "보다", "마저", "조차", "뿐", "이나", "나", "이든", "든", "이며", "며", "이고", "고", "이다", "다",
    "입니다", "인", "이라", "라", "이라고", "라고", "이라는", "라는", "이라며", "라며", "이란", "란", "이었다", "였다", "식", "측", "발", "산",
    "행", "내", "간", "씨", "군", "들", "계", "형", "제",
];
#[rustfmt::skip]
const PARTS: &[&str] = &[
    "정부", "당국", "대통령", "총리", "총서기", "주석", "위원장", "장관", "외무", "외교", "국방", "대사", "언론", "매체", "정상", "회담", "관계",
    "동맹", "연합", "군사", "군부", "군이", "군은", "군의", "협상", "협력", "전쟁", "전에", "양국", "양자", "공조", "안보", "무역", "갈등",
    "경제", "방위", "훈련", "사이", "접경", "국경", "대화", "고위", "실무", "본토", "사람", "국민", "의회", "인민", "행정부", "제재", "핵",
    "공격", "침공", "내부", "내에", "지도", "정권", "진영", "미사일", "공화국", "전역", "전선",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_particles_or_known_parts() {
        for rest in ["", "은", "과의", "에서는", "으로부터", "정상회담", "군이"] {
            assert!(is_tail(rest), "{rest}");
        }
        for rest in ["성", "적", "약품", "주의"] {
            assert!(!is_tail(rest), "{rest}");
        }
    }
}
