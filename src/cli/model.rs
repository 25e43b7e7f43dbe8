//! Which checkpoint, on which device: the options that several subcommands share.

use std::path::{Path, PathBuf};

use anyhow::Context;
use regard::Precision;
use regard::checkpoint::Checkpoint;
use regard::hub::{Hub, HubId, Progress};
use regard::weights::Storage;

use crate::progress;

/// The model to use.
#[derive(Debug, clap::Args)]
pub(crate) struct ModelArguments {
    /// Checkpoint: a directory, or a hub id such as `owner/name` or `owner/name@revision`; the shipped default where left out.
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// Where the weights live: auto, cpu or cuda:N.
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub(crate) device: String,
    /// What matrix products are computed in: f32, bf16 or int8 on the CPU, as the checkpoint is stored where left out; f32, bf16 or f16 on a
    /// GPU, f32 where left out.
    #[arg(long, value_enum, value_name = "DTYPE", hide_possible_values = true)]
    pub(crate) dtype: Option<Dtype>,
    /// Read each sentence twice, once with the actors' names masked, and average: less prejudice about names, half the speed.
    #[arg(long)]
    pub(crate) half_masking: bool,
}

/// What a model may compute in, or be stored in; not every device computes in everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Dtype {
    /// Single precision.
    F32,
    /// bfloat16.
    Bf16,
    /// Half precision: finer, and of a smaller range.
    F16,
    /// Whole numbers with a scale a row, or of 4 bits with a scale for 32 where that is no worse.
    Int8,
}

impl Dtype {
    /// How a checkpoint of it is stored.
    pub(crate) fn storage(self) -> Storage {
        match self {
            Self::F32 => Storage::F32,
            Self::Bf16 => Storage::Bf16,
            Self::F16 => Storage::F16,
            Self::Int8 => Storage::Int8,
        }
    }

    /// As transformers names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::F32 => "float32",
            Self::Bf16 => "bfloat16",
            Self::F16 => "float16",
            Self::Int8 => "int8",
        }
    }

    /// How a checkpoint answers in it.
    pub(crate) fn precision(self) -> Precision {
        match self {
            Self::F32 => Precision::F32,
            Self::Bf16 => Precision::Bf16,
            Self::F16 => Precision::F16,
            Self::Int8 => Precision::Int8,
        }
    }
}

impl ModelArguments {
    /// The shipped checkpoint as it is, on `device`.
    pub(crate) fn on(device: &str) -> Self {
        Self { model: None, device: device.to_owned(), dtype: None, half_masking: false }
    }

    /// The checkpoint asked for.
    pub(crate) fn open(&self) -> anyhow::Result<Checkpoint> {
        let mut checkpoint = match &self.model {
            Some(model) => open(model, &self.device)?,
            None => shipped(&self.device)?,
        };
        checkpoint.half_masking |= self.half_masking;
        checkpoint.precision = self.dtype.map(Dtype::precision).or(checkpoint.precision);
        Ok(checkpoint)
    }
}

/// The default model's card.
#[cfg(feature = "shipped")]
pub(crate) const CARD: &str = regard::shipped::CARD;

/// No model, no card.
#[cfg(not(feature = "shipped"))]
pub(crate) const CARD: &str = "";

#[cfg(feature = "shipped")]
fn shipped(device: &str) -> anyhow::Result<Checkpoint> {
    Ok(Checkpoint::shipped(&regard::device(device)?)?)
}

#[cfg(not(feature = "shipped"))]
fn shipped(_: &str) -> anyhow::Result<Checkpoint> {
    anyhow::bail!("expected a model to be named: this binary was built without the default one")
}

/// Open a checkpoint or base model by directory or hub id.
pub(crate) fn open(model: &str, device: &str) -> anyhow::Result<Checkpoint> {
    Ok(Checkpoint::open(&directory(model)?, &regard::device(device)?)?)
}

/// Where the files of `model` are, fetched first where it is a hub id.
pub(crate) fn directory(model: &str) -> anyhow::Result<PathBuf> {
    if Path::new(model).is_dir() {
        return Ok(PathBuf::from(model));
    }
    let id: HubId = model.parse().with_context(|| format!("model {model:?}"))?;
    let bar = progress::bytes();
    let fetched = Hub::from_environment()?.fetch(&id, &mut |event| match event {
        Progress::Waiting { file } => bar.set_message(format!("waiting for another process to fetch {file}")),
        Progress::Started { file, bytes, present } => {
            bar.set_message(file.to_owned());
            bar.set_length(bytes);
            bar.set_position(present);
        }
        Progress::Advanced { bytes } => bar.inc(bytes),
        Progress::Finished => bar.set_message(""),
    });
    bar.finish_and_clear();
    // Somebody may have meant a directory that was never made.
    fetched.with_context(|| format!("{model}: there is no such directory, and as a hub id"))
}
