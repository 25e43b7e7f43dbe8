//! How long 100,000 given predictions take: all figures with all intervals, whole and by part.
//!
//!     cargo bench -p regard-eval [-- EXAMPLES]

#![allow(clippy::print_stdout)]

use std::time::Instant;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use regard::actor::Catalogue;
use regard::{Label, Stance};
use regard_eval::{Answer, Answered, Breakdown, Example, Gold, Settings, evaluate};

const LANGUAGES: [&str; 8] = ["ar", "de", "en", "es", "fa", "ko", "ru", "zh"];
const NAMES: [&str; 4] = ["Russia", "China", "NATO", "Vladimir Putin"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(100_000);
    let mut generator = ChaCha8Rng::seed_from_u64(1);
    let examples: Vec<Example> = (0..count).map(|index| example(index, &mut generator)).collect();
    let answered: Vec<Answered<'_>> =
        examples.iter().map(|example| Answered { example, answer: Some(answer(example, &mut generator)) }).collect();
    let settings = Settings { breakdown: Breakdown::new(Catalogue::shipped()?)?, ..Settings::default() };
    let before = memory();
    for _ in 0..3 {
        let start = Instant::now();
        let evaluation = evaluate(&answered, &settings);
        let seconds = start.elapsed().as_secs_f64();
        let parts: usize = evaluation.by.values().map(|parts| parts.0.len()).sum();
        let draws = settings.bootstrap.draws;
        println!("{count} examples, {parts} parts, {draws} draws: {seconds:.2} s");
    }
    println!("peak memory {} MB, of which the examples {} MB", memory() / 1024, before / 1024);
    Ok(())
}

/// About two of a group in three, three thousand targets, texts of 20 to 400 characters.
fn example(index: usize, generator: &mut ChaCha8Rng) -> Example {
    let target = match generator.random_range(0..3) {
        0 => NAMES[generator.random_range(0..NAMES.len())].to_owned(),
        _ => format!("target {}", generator.random_range(0..3000)),
    };
    let words = generator.random_range(2..50);
    Example {
        id: index.to_string(),
        dataset: format!("set {}", index % 5),
        language: LANGUAGES[index % LANGUAGES.len()].into(),
        text: format!("{target}, report {index}{}", " a word".repeat(words)),
        target: Some(target),
        target_type: None,
        mention: None,
        gold: Gold::Stance(Stance::ALL[generator.random_range(0..3)]),
        group: (index * 2 / 3).to_string(),
        meta: Default::default(),
    }
}

/// Leans to the right label.
fn answer(example: &Example, generator: &mut ChaCha8Rng) -> Answer {
    let gold = example.gold.index();
    let mut scores = [0, 1, 2].map(|class| generator.random::<f64>() + if class == gold { 0.5 } else { 0.0 });
    let sum: f64 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= sum);
    let label = (0..3).max_by(|&a: &usize, &b| scores[a].total_cmp(&scores[b])).unwrap_or(0);
    Answer { label, scores: Some(scores) }
}

/// Peak resident memory so far, kB; 0 where the system does not tell.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
