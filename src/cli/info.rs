//! `regard info`: what a checkpoint is.

use std::io::{Write, stdout};

use regard::head::Question;
use regard::predict::Predictor;

use crate::Outcome;
use crate::exit::Status;
use crate::model::ModelArguments;

/// Say what a checkpoint is, after checking that it holds together.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Checkpoint: a directory or a hub id; the shipped default where left out.
    #[arg(value_name = "MODEL")]
    model: Option<String>,
    /// Print the model card too.
    #[arg(long)]
    card: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let checkpoint = ModelArguments { model: arguments.model.clone(), ..ModelArguments::on("cpu") }.open()?;
    let (encoder, half_masking) = (checkpoint.encoder.clone(), checkpoint.half_masking);
    let parameters = checkpoint.weights.numbers();
    let (question, temperatures, place) =
        (checkpoint.question, checkpoint.temperatures.clone(), checkpoint.place.clone());
    let pieces = checkpoint.tokenizer.vocabulary();
    let answers = match question {
        Some(Question::Span) => "span: stance toward every actor and sentiment, from one reading of the sentence",
        Some(Question::PairStance { .. }) => "pair: stance toward one actor a reading of the sentence",
        Some(Question::SentenceSentiment { .. }) => "sentence: sentiment alone",
        None => "nothing yet: a base model without a head",
    };
    if question.is_some() {
        Predictor::new(checkpoint)?;
    }
    let mut out = stdout().lock();
    writeln!(out, "checkpoint    {place}")?;
    writeln!(out, "answers       {answers}")?;
    writeln!(
        out,
        "encoder       {:?}, {} layers of {}, {} heads, feed-forward {}",
        encoder.family, encoder.layers, encoder.hidden, encoder.heads, encoder.intermediate
    )?;
    writeln!(out, "vocabulary    {pieces} pieces, sequences of at most {} tokens", encoder.longest())?;
    writeln!(out, "parameters    {:.1} million", parameters as f64 / 1e6)?;
    writeln!(out, "temperatures  stance {:.3}, sentiment {:.3}", temperatures.stance, temperatures.sentiment)?;
    for (language, own) in &temperatures.languages {
        let heads = [("stance", own.stance), ("sentiment", own.sentiment)];
        let heads = heads.iter().filter_map(|(head, value)| value.map(|value| format!("{head} {value:.3}")));
        writeln!(out, "  {language:<12}{}", heads.collect::<Vec<_>>().join(", "))?;
    }
    if half_masking {
        writeln!(out, "half-masking  each sentence is read twice, once with the actors' names masked")?;
    }
    if arguments.card {
        let card = match &arguments.model {
            None => crate::model::CARD.to_owned(),
            Some(model) => {
                let path = crate::model::directory(model)?.join("MODEL_CARD.md");
                std::fs::read_to_string(&path).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?
            }
        };
        writeln!(out, "\n{card}")?;
    }
    Ok(Status::Done)
}
