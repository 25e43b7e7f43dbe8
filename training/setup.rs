//! From an experiment to a run that stands before its next step.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use regard::checkpoint::{Checkpoint, Temperatures};
use regard::model::Model;
use regard::predict::Predictor;
use regard_eval::Replacement;

use crate::Error;
use crate::config::Config;
use crate::data::Data;
use crate::heads;
use crate::metrics::Record;
use crate::parameters::Parameters;
use crate::provenance::Provenance;
use crate::records::Records;
use crate::run::{self, Directory, Layout, Progress};
use crate::sentences;
use crate::teacher;
use crate::train::{Models, Options};
use crate::workers::Workers;

/// A model about to learn.
pub(crate) struct Learner {
    pub(crate) data: Data,
    pub(crate) parameters: Parameters,
    pub(crate) predictor: Predictor,
    pub(crate) workers: Workers,
    pub(crate) layout: Layout,
}

impl Learner {
    /// What `config`, resolved, makes of `models`.
    pub(crate) fn new(config: &Config, models: Models) -> Result<Self, Error> {
        let Models { mut base, teachers } = models;
        // Here everything is trained or shared with what is: the file's bytes would only stand beside it.
        base.weights.widen()?;
        let tokenizer = base.tokenizer.clone().with_longest(config.longest.min(base.encoder.longest()));
        let taught = match &config.teacher {
            Some(teacher) => Some(teacher::taught(teacher, teachers, config.target, &tokenizer)?),
            None => None,
        };
        let data = Data::read(config, &tokenizer, taught)?;
        let mask = tokenizer.mask_id();
        if config.data.masked > 0.0 && mask.is_none() {
            let message = "data.masked: expected a tokenizer with a mask token, found none";
            return Err(Error::Config { path: PathBuf::from(&base.place), message: message.into() });
        }
        let mut weights = heads::with_heads(&base, config.target, config.seed)?;
        let parameters = Parameters::new(&mut weights, base.encoder.layers, config)?;
        let question = heads::question(config.target);
        let layout = Layout::new(config, &base, weights.clone());
        let model = Model::load(&base.encoder, question, weights)?;
        let mut predictor = Predictor::from_parts(model, tokenizer, Temperatures::default());
        if config.evaluation.half_masking {
            predictor = predictor.with_half_masking()?;
        }
        let workers = Workers::new(config.compute.threads, mask)?;
        Ok(Self { data, parameters, predictor, workers, layout })
    }
}

/// `config` with what it leaves to the machine.
pub(crate) fn resolved(config: &Config, base: &Checkpoint) -> Config {
    let mut config = config.clone();
    if !base.weights.device().is_cpu() {
        // A GPU is one worker, and keeps its own cores busy.
        config.compute.threads = 1;
    } else if config.compute.threads == 0 {
        config.compute.threads = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    }
    config
}

/// Where a run stands, and the open files that it writes to.
pub(crate) struct Standing {
    pub(crate) progress: Progress,
    pub(crate) records: Records,
}

/// Keys of an experiment that a run may be taken up with another value of.
const CHANGEABLE: [&str; 8] = [
    "base",
    "output",
    "optimizer.lr",
    "optimizer.head_lr",
    "optimizer.clip",
    "evaluation.patience",
    "compute.recompute",
    "compute.save_minutes",
];

/// Refuse to begin where a run is that nobody gave up, or to take one up that was of something else. Nothing is changed.
pub(crate) fn admit(config: &Config, provenance: &Provenance, options: Options) -> Result<(), Error> {
    let directory = Directory(config.output.clone());
    let refuse = |path: PathBuf, message: String| Err(Error::Config { path, message });
    if options.resume {
        let changed = Provenance::read(&directory.provenance())?.changed(provenance);
        if !changed.is_empty() {
            let message = format!("files are not those that the run began with: {}", changed.join("; "));
            return refuse(directory.provenance(), message);
        }
        let changed = changed_keys(&Config::open(&directory.config(), &[])?, config);
        return match changed.is_empty() {
            true => Ok(()),
            false => {
                let message =
                    format!("expected the experiment that the run began with, found another {}", changed.join(", "));
                refuse(directory.config(), message)
            }
        };
    }
    if directory.is_taken() && !options.overwrite {
        let message = "expected no run here, found one: go on with it (--resume) or replace it (--overwrite)";
        return refuse(directory.0, message.into());
    }
    let inside = |path: &str| match (std::fs::canonicalize(path), std::fs::canonicalize(&directory.0)) {
        (Ok(path), Ok(directory)) => path.starts_with(directory),
        _ => false,
    };
    let teachers = config.teacher.iter().flat_map(|teacher| &teacher.checkpoints);
    if let Some(model) = std::iter::once(&config.base).chain(teachers).find(|model| inside(model)) {
        return refuse(directory.0, format!("expected another directory than that of {model}, which the run needs"));
    }
    Ok(())
}

/// The keys whose values differ, but for those that may.
fn changed_keys(before: &Config, now: &Config) -> Vec<String> {
    fn leaves(key: &str, value: &toml::Value, found: &mut BTreeMap<String, toml::Value>) {
        match value {
            toml::Value::Table(table) => {
                for (name, value) in table {
                    leaves(&format!("{key}{}{name}", if key.is_empty() { "" } else { "." }), value, found);
                }
            }
            value => drop(found.insert(key.to_owned(), value.clone())),
        }
    }
    let [before, now] = [before, now].map(|config| {
        let mut found = BTreeMap::new();
        // What was read can be written.
        toml::Value::try_from(config).iter().for_each(|value| leaves("", value, &mut found));
        found
    });
    let keys: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let changed = keys.into_iter().filter(|key| before.get(*key) != now.get(*key));
    changed.filter(|key| !CHANGEABLE.contains(&key.as_str())).cloned().collect()
}

/// Begin the run of `config` in its directory, or take it up there.
pub(crate) fn begin(
    config: &Config,
    learner: &mut Learner,
    provenance: &Provenance,
    options: Options,
) -> Result<Standing, Error> {
    let directory = Directory(config.output.clone());
    let steps = learner.data.steps(config).count;
    let text = toml::to_string_pretty(config)
        .map_err(|error| Error::Config { path: directory.config(), message: error.to_string() })?;
    let mut progress = Progress::default();
    if options.resume {
        // A run that was killed before it was saved begins again.
        if let Some(saved) = directory.progress()? {
            progress = saved;
            if progress.step > steps {
                let message = format!("expected at most {steps} steps in the saved run, found {}", progress.step);
                return Err(Error::Config { path: directory.last(), message });
            }
            directory.restore(&mut learner.parameters, progress.step, &learner.layout.device())?;
        }
    } else {
        std::fs::create_dir_all(&directory.0).map_err(regard::Error::io(&directory.0))?;
        run::clear(&directory)?;
        provenance.write(&directory.provenance())?;
    }
    let mut file = Replacement::create(&directory.config())?;
    file.write(&text)?;
    file.keep()?;
    let [stance, sentiment] = sentences::counts(learner.data.sampler.sentences());
    let sentences = learner.data.sampler.drawn();
    let plan = Record::Plan { step: 0, sentences, stance, sentiment, steps: steps as u64 };
    let records = Records::open(&directory, &progress, &plan)?;
    Ok(Standing { progress, records })
}

/// What the run of `config` is made from. Reads all files.
pub(crate) fn provenance(config: &Config, models: &Models) -> Result<Provenance, Error> {
    let mut files: Vec<PathBuf> = config.train.iter().chain(&config.dev).map(|source| source.path.clone()).collect();
    files.extend(config.teacher.iter().flat_map(|teacher| teacher.texts.clone()));
    files.extend(models.teachers.iter().flat_map(|teacher| checkpoint_files(&teacher.place)));
    files.sort();
    files.dedup();
    let device = if models.base.weights.device().is_cpu() { "cpu" } else { "cuda" };
    Provenance::now(device.into(), config.seed, &files, &checkpoint_files(&models.base.place))
}

/// Configuration, tokenizer and weights, in one file or in shards.
fn checkpoint_files(place: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(place).into_iter().flatten().flatten().map(|entry| entry.path());
    let wanted = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        matches!(&*name, "config.json" | "tokenizer.json" | "model.safetensors.index.json")
            || name.starts_with("model") && name.ends_with(".safetensors")
    };
    let mut files: Vec<PathBuf> = entries.filter(wanted).collect();
    files.sort();
    files
}
