//! The mistakes that the system is surest of: what to read first.

use super::example::{examples, label, text};
use super::section::{Section, explanation, folded, name, subsection};
use crate::mistakes::Mistake;
use crate::report::element::{Element, element};
use crate::report::wording::{counted, percent, question};

/// By question, language and gold label, as they come.
pub(super) fn mistakes(mistakes: &[Mistake]) -> Section {
    let section = Section::new("mistakes", "Most confident mistakes");
    if mistakes.is_empty() {
        return section.with(explanation("None: no wrong answer has a probability."));
    }
    let reading = "The target’s mention is marked. Some are errors of the label, not of the system.";
    let mut questions: Vec<&[Mistake]> = mistakes.chunk_by(|a, b| a.question == b.question).collect();
    // In the order of the sections above.
    questions.sort_by_key(|of_question| of_question[0].question != "stance");
    let questions = questions.into_iter().map(|of_question| {
        let languages = of_question.chunk_by(|a, b| a.language == b.language).map(of_language);
        subsection(question(of_question[0].question)).with_all(languages)
    });
    section.with(explanation(reading)).with_all(questions)
}

fn of_language(mistakes: &[Mistake]) -> Element {
    let summary = element("span").with(name(&mistakes[0].language)).text(" · ");
    let labels = mistakes.chunk_by(|a, b| a.gold == b.gold).map(|of_gold| {
        let items = of_gold.iter().map(mistake);
        let heading = element("h4").text(format!("Gold {}", of_gold[0].gold));
        element("section").with(heading).with(examples(items))
    });
    folded(summary.text(counted(mistakes.len() as u64, "mistake"))).with_all(labels)
}

fn mistake(mistake: &Mistake) -> Element {
    let Mistake { gold, answer, confidence, id, dataset, .. } = mistake;
    let answers = element("span").class("answer").with(label(gold)).text(" → ").with(label(answer));
    let confidence = format!(" {}", percent(Some(*confidence)));
    let mut source = element("p").class("source").with(answers.text(confidence));
    if let Some(target) = &mistake.target {
        source = source.text(" · toward ").with(name(target));
    }
    let place = source.text(" · ").with(name(dataset)).text(" ").with(element("code").with(name(id)));
    element("li").with(text(&mistake.text, &mistake.language, mistake.mention)).with(place)
}
