//! The figures of one benchmark, and everything that they hang on: what `--json` writes and [`compare`](super::compare()) reads.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use regard::encoder::EncoderConfig;
use regard::head::Question;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::memory;
use super::work::{Input, kind};
use crate::{Error, Machine};

/// What is told of each round, and the medians over the rounds. Throughput is that of all threads over all the work; latencies are
/// those of one sequence, or one batch, that has the machine to itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// For all the work once.
    pub seconds: f64,
    /// Sequences read.
    pub sentences_per_s: f64,
    /// Targets judged; where a sequence points at none, it counts as one.
    pub pairs_per_s: f64,
    /// Tokens read, special ones included; there is no padding.
    pub tokens_per_s: f64,
    /// 10^9 operations in the layers' matrix products a second.
    pub gflops: f64,
    /// Milliseconds of a single sequence: half are faster.
    pub p50_ms: f64,
    /// 95 % are faster.
    pub p95_ms: f64,
    /// 99 % are faster.
    pub p99_ms: f64,
    /// Milliseconds of a single batch: half are faster.
    pub batch_p50_ms: f64,
    /// 95 % are faster.
    pub batch_p95_ms: f64,
    /// 99 % are faster.
    pub batch_p99_ms: f64,
    /// That the machine's packages took for all the work once; left out where that cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joules: Option<f64>,
}

/// One loading of the model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Milliseconds from the files to a model that stands ready.
    pub load_ms: f64,
    /// Milliseconds from the files to the first sequence's answer.
    pub first_answer_ms: f64,
}

/// The model that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// As it was named.
    pub name: String,
    /// Of its weights' file, or of all in order of name; `None` for random weights.
    pub sha256: Option<String>,
    /// What it answers: span, pair, sentence, or nothing.
    pub answers: String,
    /// Number of layers.
    pub layers: usize,
    /// Width of a hidden state.
    pub hidden: usize,
    /// Attention heads a layer.
    pub heads: usize,
    /// Width inside the feed-forward block.
    pub intermediate: usize,
    /// Rows of the token embedding.
    pub vocabulary: usize,
}

impl ModelRecord {
    /// Of a model of `config`'s sizes.
    pub fn new(name: String, sha256: Option<String>, config: &EncoderConfig, question: Option<Question>) -> Self {
        let EncoderConfig { layers, hidden, heads, intermediate, vocabulary, .. } = *config;
        Self { name, sha256, answers: kind(question).to_owned(), layers, hidden, heads, intermediate, vocabulary }
    }
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// What each line gives.
    pub input: Input,
    /// sha256 of the data file; `None` where ids were drawn.
    pub data: Option<String>,
    /// Tokens of each drawn sequence.
    pub length: Option<usize>,
    /// As `--device` names it.
    pub device: String,
    /// What matrix products are computed in.
    pub dtype: String,
    /// Threads of the pool.
    pub threads: usize,
    /// Tokens that are read at once, at most.
    pub batch_tokens: usize,
    /// Rounds told.
    pub rounds: usize,
    /// Rounds before them.
    pub warm_up: usize,
}

/// The work of a round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkRecord {
    /// Sequences.
    pub sequences: usize,
    /// Targets in them; one where there is none.
    pub pairs: usize,
    /// Tokens in them.
    pub tokens: usize,
    /// Tokens of the longest.
    pub longest: usize,
    /// Batches that they make.
    pub batches: usize,
}

/// A benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The program's version.
    pub regard: String,
    /// The commit it was built from.
    pub commit: Option<String>,
    /// When it was written: RFC 3339, in UTC.
    pub date: String,
    /// Where it ran.
    pub machine: Machine,
    /// What was measured.
    pub model: ModelRecord,
    /// How.
    pub settings: Settings,
    /// On what.
    pub work: WorkRecord,
    /// The most memory the process held, in megabytes (10^6 bytes); of several works, up to the end of this one.
    pub peak_mb: Option<f64>,
    /// The machine's matrix product, where it was asked for: 10^9 operations a second.
    pub peak_gflops: Option<f64>,
    /// `gflops` as a share of it.
    pub share_of_peak: Option<f64>,
    /// Medians over `loads`.
    #[serde(flatten)]
    pub load: Load,
    /// Medians over `rounds`.
    #[serde(flatten)]
    pub figures: Figures,
    /// Each loading.
    pub loads: Vec<Load>,
    /// Each round.
    pub rounds: Vec<Figures>,
}

impl Report {
    /// The report of measurements that have just ended, in the program that was built from `commit`.
    pub fn now(
        commit: Option<&str>,
        model: ModelRecord,
        settings: Settings,
        (work, rounds): (WorkRecord, Vec<Figures>),
        loads: Vec<Load>,
    ) -> Self {
        Self {
            regard: env!("CARGO_PKG_VERSION").to_owned(),
            commit: commit.map(str::to_owned),
            date: DateTime::<Utc>::from(SystemTime::now()).to_rfc3339_opts(SecondsFormat::Secs, true),
            machine: Machine::here(),
            model,
            settings,
            work,
            peak_mb: memory::peak_mb(),
            peak_gflops: None,
            share_of_peak: None,
            load: Load {
                load_ms: median(loads.iter().map(|load| load.load_ms)),
                first_answer_ms: median(loads.iter().map(|load| load.first_answer_ms)),
            },
            figures: medians(&rounds),
            loads,
            rounds,
        }
    }

    /// With the machine's `peak` in 10^9 operations a second beside it.
    pub fn with_peak(self, peak: f64) -> Self {
        Self { peak_gflops: Some(peak), share_of_peak: Some(self.figures.gflops / peak), ..self }
    }

    /// Read what `--json` wrote.
    ///
    /// # Errors
    /// Where the file cannot be read or is no report of one benchmark.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(regard::Error::io(path))?;
        let error = |message: String| Error::File { path: path.to_owned(), message };
        let value: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|found| error(format!("expected JSON: {found}")))?;
        if let Some(sweep) = value.get("sweep").and_then(|sweep| sweep.as_array()) {
            return Err(error(format!("expected one benchmark, found a sweep of {}", sweep.len())));
        }
        serde_path_to_error::deserialize(value)
            .map_err(|found| error(format!("expected a report of `regard bench`: {found}")))
    }
}

fn medians(rounds: &[Figures]) -> Figures {
    let of = |field: fn(&Figures) -> f64| median(rounds.iter().map(field));
    let joules: Option<Vec<f64>> = rounds.iter().map(|round| round.joules).collect();
    Figures {
        seconds: of(|round| round.seconds),
        sentences_per_s: of(|round| round.sentences_per_s),
        pairs_per_s: of(|round| round.pairs_per_s),
        tokens_per_s: of(|round| round.tokens_per_s),
        gflops: of(|round| round.gflops),
        p50_ms: of(|round| round.p50_ms),
        p95_ms: of(|round| round.p95_ms),
        p99_ms: of(|round| round.p99_ms),
        batch_p50_ms: of(|round| round.batch_p50_ms),
        batch_p95_ms: of(|round| round.batch_p95_ms),
        batch_p99_ms: of(|round| round.batch_p99_ms),
        joules: joules.map(|joules| median(joules.into_iter())),
    }
}

/// The middle one of `values`, or the mean of the middle two; 0 where there are none.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

/// Of `bytes`, in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(Sha256::digest(bytes).as_slice())
}

/// Of the safetensors files of a checkpoint's `directory`, in order of name, as one.
///
/// # Errors
/// Where one cannot be read.
pub fn sha256_of_weights(directory: &Path) -> Result<String, Error> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(regard::Error::io(directory))? {
        let path = entry.map_err(regard::Error::io(directory))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("model") && name.ends_with(".safetensors") {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    for path in paths {
        let mut file = File::open(&path).map_err(regard::Error::io(&path))?;
        loop {
            match file.read(&mut buffer).map_err(regard::Error::io(&path))? {
                0 => break,
                count => hash.update(&buffer[..count]),
            }
        }
    }
    Ok(hexadecimal(hash.finalize().as_slice()))
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
