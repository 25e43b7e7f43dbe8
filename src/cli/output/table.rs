//! For people at a terminal: each sentence on lines of its own, in its own direction, with what was found below it.

use std::io::{BufWriter, Result, Stdout, Write};

use anstyle::{AnsiColor, Style};
use regard::{Document, Label, Regarded, Report, Scores, Sentence, Sentiment, Stance, summary};

use super::{UNCERTAIN, Writer, label};

/// Keeps a right-to-left name from reordering the numbers beside it (Unicode Bidirectional Algorithm, first-strong isolate).
const ISOLATE: char = '\u{2068}';
const END_ISOLATE: char = '\u{2069}';

/// Colours where there is a terminal, none elsewhere.
type Out = BufWriter<anstream::AutoStream<Stdout>>;

pub(crate) struct Table {
    out: Out,
    first: bool,
    min_confidence: f32,
}

impl Table {
    pub(crate) fn new(out: Out, min_confidence: f32) -> Self {
        Self { out, first: true, min_confidence }
    }

    fn sentence(&mut self, index: usize, sentence: &Sentence<'_>, text: &str) -> Result<()> {
        let dim = Style::new().dimmed();
        write!(self.out, "{dim}{:>3}{dim:#}  ", index + 1)?;
        // One line whatever the source's line breaks were.
        let words: Vec<&str> = sentence.span.of(text).split_whitespace().collect();
        writeln!(self.out, "{}", plain(&words.join(" ")))?;
        if let Some(scores) = sentence.sentiment {
            self.answer::<Sentiment>("sentence", scores, "")?;
        }
        for regarded in &sentence.actors {
            if let Some(scores) = regarded.stance {
                self.answer::<Stance>(&name(regarded, text), scores, &mentions(regarded, text))?;
            }
        }
        if sentence.truncated_tokens > 0 {
            writeln!(self.out, "     {dim}{} tokens were too many and not read{dim:#}", sentence.truncated_tokens)?;
        }
        writeln!(self.out)
    }

    fn answer<L: Label>(&mut self, name: &str, scores: Scores, mentions: &str) -> Result<()> {
        let label = label::<L>(scores, self.min_confidence);
        let dim = Style::new().dimmed();
        let style = if label == UNCERTAIN { dim } else { style(scores.best()) };
        let [first, second, third] = scores.0.map(|score| format!("{:.0}", 100.0 * score));
        write!(self.out, "     {name:<22} {style}{label:<9}{style:#} {dim}{first:>3} {second:>3} {third:>3} %{dim:#}")?;
        // No spaces at the end of a line.
        if mentions.is_empty() { writeln!(self.out) } else { writeln!(self.out, "  {mentions}") }
    }
}

impl Writer for Table {
    fn write(&mut self, document: &Document, report: &Report<'_>) -> Result<()> {
        let bold = Style::new().bold();
        if !std::mem::replace(&mut self.first, false) {
            writeln!(self.out)?;
        }
        writeln!(self.out, "{bold}{}{bold:#}  [{}]\n", plain(&document.id), report.language)?;
        for (index, sentence) in report.sentences.iter().enumerate() {
            self.sentence(index, sentence, &document.text)?;
        }
        let actors = summary(report, self.min_confidence);
        // A column more where there can be something in it.
        let asked = |cell: String| if self.min_confidence > 0.0 { cell } else { String::new() };
        if !actors.is_empty() {
            writeln!(
                self.out,
                "{bold}{:<27} {:>9} {:>8} {:>8} {:>6}{} {:>6}{bold:#}",
                "Actor",
                "sentences",
                "against",
                "neutral",
                "favor",
                asked(format!(" {UNCERTAIN:>9}")),
                "score"
            )?;
        }
        for actor in actors {
            let [against, neutral, favor] = actor.stances;
            // Coloured only where the sentences lean clearly to one side.
            let side = usize::from(actor.mean_score > -0.2) + usize::from(actor.mean_score >= 0.2);
            let style = style(side);
            writeln!(
                self.out,
                "{:<27} {:>9} {against:>8} {neutral:>8} {favor:>6}{} {style}{:>+6.2}{style:#}",
                actor.actor.name,
                actor.sentences,
                asked(format!(" {:>9}", actor.uncertain)),
                actor.mean_score
            )?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.out.flush()
    }
}

/// `text` without control characters: an article must not steer the terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

/// Red, plain, green by label index.
fn style(label: usize) -> Style {
    match label {
        0 => Style::new().fg_color(Some(AnsiColor::Red.into())),
        1 => Style::new(),
        _ => Style::new().fg_color(Some(AnsiColor::Green.into())),
    }
}

fn name(regarded: &Regarded<'_>, text: &str) -> String {
    match regarded.actor {
        Some(actor) => actor.name.clone(),
        None => mentions(regarded, text),
    }
}

/// The distinct ways in which the sentence names the actor.
fn mentions(regarded: &Regarded<'_>, text: &str) -> String {
    let mut forms: Vec<&str> = Vec::new();
    for mention in &regarded.mentions {
        let form = mention.of(text);
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    let isolated: Vec<String> = forms.iter().map(|form| format!("{ISOLATE}{}{END_ISOLATE}", plain(form))).collect();
    isolated.join(", ")
}
