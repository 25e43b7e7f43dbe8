//! The mean of several runs' weights (model soup, <https://arxiv.org/abs/2203.05482>): nearly as good as all of them together, at the price
//! of one. It needs runs from the same base, trained alike.

use std::collections::BTreeSet;
use std::path::Path;

use candle_core::Tensor;
use regard::checkpoint::{self, Checkpoint, Files, LanguageTemperatures, Temperatures, pair_config, span_config};
use regard::head::Question;
use regard::weights::{Storage, Weights};

use crate::Error;

/// Save the mean of `checkpoints`, of which there must be one at least, in f32, with the first one's configuration. Calibrations are
/// averaged too; a language has its own where any of them has.
///
/// # Errors
/// Where they differ in vocabulary, form, the encoder's configuration, or in the names or shapes of their tensors, are another's classifier,
/// or a file cannot be written; what `output` held is then left as it was.
pub fn average(checkpoints: &[Checkpoint], output: &Path, card: &str) -> Result<(), Error> {
    let [first, others @ ..] = checkpoints else {
        return Err(regard::Error::invalid("checkpoints", "expected at least one, found none").into());
    };
    others.iter().try_for_each(|other| alike(first, other))?;
    let mean = mean(checkpoints)?;
    let temperatures = mean_temperatures(&checkpoints.iter().map(|one| &one.temperatures).collect::<Vec<_>>());
    let config = first.config.clone();
    let config = match first.question {
        Some(Question::Span) => span_config(config, &temperatures, first.half_masking),
        Some(Question::PairStance { order: [0, 1, 2] }) => pair_config(config, &temperatures)?,
        None => config,
        Some(_) => {
            let message = "expected a base model or a checkpoint of `regard train`, found another's classifier";
            return Err(regard::Error::invalid(&first.place, message).into());
        }
    };
    let files = Files {
        config: &config,
        tokenizer_json: &first.tokenizer_json,
        tensors: mean.iter().collect::<Result<_, _>>()?,
        storage: Storage::F32,
        card,
        others: Vec::new(),
    };
    Ok(checkpoint::save(output, &files)?)
}

/// The mean of each temperature; of a language's, where one of `all` has it, the others' being those of their heads.
fn mean_temperatures(all: &[&Temperatures]) -> Temperatures {
    let mean = |values: &mut dyn Iterator<Item = f32>| values.sum::<f32>() / all.len() as f32;
    let named = all.iter().flat_map(|one| one.languages.keys().cloned()).collect::<BTreeSet<_>>();
    let languages = named.into_iter().map(|language| {
        let of = |head: fn(&LanguageTemperatures) -> Option<f32>, whole: fn(&Temperatures) -> f32| {
            let own = |one: &&Temperatures| one.languages.get(&language).and_then(head);
            let any = all.iter().any(|one| own(one).is_some());
            any.then(|| mean(&mut all.iter().map(|one| own(one).unwrap_or(whole(one)))))
        };
        let own = LanguageTemperatures {
            stance: of(|own| own.stance, |one| one.stance),
            sentiment: of(|own| own.sentiment, |one| one.sentiment),
        };
        (language.clone(), own)
    });
    Temperatures {
        stance: mean(&mut all.iter().map(|one| one.stance)),
        sentiment: mean(&mut all.iter().map(|one| one.sentiment)),
        languages: languages.collect(),
    }
}

/// Refuse `other` where it is not of the same making as `first`.
fn alike(first: &Checkpoint, other: &Checkpoint) -> Result<(), Error> {
    let differs = |what: &str| {
        Error::from(regard::Error::invalid(&other.place, format!("expected {what} of {}, found another", first.place)))
    };
    if other.tokenizer_json != first.tokenizer_json {
        return Err(differs("the tokenizer.json"));
    }
    if other.question != first.question || other.half_masking != first.half_masking {
        return Err(differs("the form"));
    }
    if other.encoder != first.encoder {
        return Err(differs("the encoder's configuration"));
    }
    if !other.weights.shapes().eq(first.weights.shapes()) {
        return Err(differs("the names and shapes of the tensors"));
    }
    Ok(())
}

/// Tensor by tensor, summed in order.
fn mean(checkpoints: &[Checkpoint]) -> Result<Weights, regard::Error> {
    let mut mean = Weights::empty();
    for (name, _) in checkpoints[0].weights.shapes() {
        let mut sum: Option<Tensor> = None;
        for checkpoint in checkpoints {
            let Some(tensor) = checkpoint.weights.get(name)? else { continue };
            sum = Some(match sum {
                None => tensor,
                Some(sum) => (sum + tensor)?,
            });
        }
        if let Some(sum) = sum {
            mean.insert(name, (sum / checkpoints.len() as f64)?);
        }
    }
    Ok(mean)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    fn reference(name: &str) -> Result<Checkpoint, regard::Error> {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/inference/tests/reference").join(name);
        Checkpoint::open(&place, &Device::Cpu)
    }

    #[test]
    fn weights_and_calibration_are_means() -> Outcome {
        let (mut one, mut other) = (reference("span")?, reference("span")?);
        let name = "stance_head.out.bias";
        other.weights.insert(name, Tensor::new(&[4f32, -2.0, 1.5], &Device::Cpu)?);
        one.weights.insert(name, Tensor::new(&[0f32, 2.0, 0.5], &Device::Cpu)?);
        (one.temperatures.stance, other.temperatures.stance) = (1.0, 1.5);
        let russian = LanguageTemperatures { stance: Some(2.0), sentiment: None };
        one.temperatures.languages.insert("ru".into(), russian);
        let directory = tempfile::tempdir()?;
        let place = directory.path().join("mean");
        let unchanged = one.weights.get("stance_head.dense.weight")?.ok_or("missing")?;
        average(&[one, other], &place, "")?;
        let mean = Checkpoint::open(&place, &Device::Cpu)?;
        assert_eq!(mean.weights.get(name)?.ok_or("missing")?.to_vec1::<f32>()?, [2.0, 0.0, 1.0]);
        assert_eq!(mean.temperatures.stance, 1.25);
        let expected = LanguageTemperatures { stance: Some(1.75), sentiment: None };
        assert_eq!(mean.temperatures.languages.get("ru"), Some(&expected));
        let found = mean.weights.get("stance_head.dense.weight")?.ok_or("missing")?;
        assert_eq!(found.to_vec2::<f32>()?, unchanged.to_vec2::<f32>()?);
        mean.into_model()?;
        Ok(())
    }

    #[test]
    fn what_is_not_of_one_making_is_refused() -> Outcome {
        let directory = tempfile::tempdir()?;
        let place = directory.path().join("mean");
        let refused = |other: Checkpoint, part: &str| -> Outcome {
            let error = average(&[reference("span")?, other], &place, "").err().ok_or("accepted")?.to_string();
            assert!(error.contains(part), "{error}");
            assert!(!place.exists());
            Ok(())
        };
        refused(reference("xlm-roberta")?, "tokenizer.json")?;
        let mut other = reference("span")?;
        other.half_masking = !other.half_masking;
        refused(other, "the form")?;
        let mut other = reference("span")?;
        other.encoder.heads *= 2;
        refused(other, "the encoder's configuration")?;
        let mut other = reference("span")?;
        other.weights.insert("stance_head.out.bias", Tensor::new(&[0f32; 4], &Device::Cpu)?);
        refused(other, "shapes of the tensors")
    }
}
