//! `regard actors`: what is looked for, and where it is found.

use std::io::{Write, stdout};
use std::path::PathBuf;

use regard::actor::{Catalogue, Matcher};
use regard::{CodePoints, Language};
use serde_json::json;

use crate::Outcome;
use crate::exit::Status;

/// List the actors that are looked for, check a file of them, or show where a text names them.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// TOML file of actors beside the shipped ones; one with a known id replaces it. It is checked on the way.
    #[arg(long, value_name = "FILE", global = true)]
    actors: Vec<PathBuf>,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show the mentions in a text, one JSON line each; offsets in code points.
    Find {
        /// The text itself.
        text: String,
        /// Its language (BCP 47); detected where left out.
        #[arg(long)]
        language: Option<String>,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let mut catalogue = Catalogue::shipped()?;
    for path in &arguments.actors {
        catalogue = catalogue.extended(Catalogue::open(path)?)?;
    }
    let mut out = std::io::BufWriter::new(stdout());
    match &arguments.action {
        None => {
            for actor in catalogue.actors() {
                writeln!(out, "{:<28} {:<13} {}", actor.id, actor.kind.to_string(), actor.name)?;
            }
        }
        Some(Action::Find { text, language }) => {
            let language = match language {
                Some(tag) => Language::new(tag)
                    .ok_or_else(|| anyhow::anyhow!("--language: expected a BCP 47 tag such as ar, found {tag:?}"))?,
                None => Language::detect(text),
            };
            let points = CodePoints::new(text);
            for mention in Matcher::new(&catalogue)?.find(text, language.primary()) {
                let (start, end) = points.of(mention.span);
                let actor = &catalogue.actors()[mention.actor];
                let line = json!({"id": actor.id, "name": actor.name, "start": start, "end": end, "text": mention.span.of(text)});
                writeln!(out, "{line}")?;
            }
        }
    }
    out.flush()?;
    Ok(Status::Done)
}
