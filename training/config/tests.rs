//! What an experiment may say, and what is said of one that is wrong.

use std::path::Path;

use super::*;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

const GOOD: &str = "base = 'b'\noutput = 'o'\nepochs = 1\ntrain = ['t.jsonl']\ndev = ['d.jsonl']\n";

fn parse(text: &str, overrides: &[&str]) -> std::result::Result<Config, String> {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    Config::parse(text, Path::new("own.toml"), &overrides).map_err(|error| error.to_string())
}

fn refused(text: &str, overrides: &[&str]) -> Result<String> {
    match parse(text, overrides) {
        Ok(_) => Err(format!("{text} {overrides:?} was taken").into()),
        Err(message) => Ok(message),
    }
}

#[test]
fn a_wrong_key_or_value_is_named_with_its_line() -> Result {
    for (section, expected) in [
        ("[optimizer]\nlrr = 1.0", "own.toml:7: optimizer.lrr: unknown key, did you mean lr?"),
        ("epoch = 3", "own.toml:6: epoch: unknown key, did you mean epochs?"),
        ("optimzer = { lr = 1 }", "own.toml:6: optimzer: unknown key, did you mean optimizer?"),
        ("[data]\nx = 1", "own.toml:7: data.x: unknown key, expected one of temperature, broken, masked, replaced"),
        ("[optimizer]\nlr = 'high'", "own.toml:7: optimizer.lr: expected a number, found string \"high\""),
        ("batch = 1.5", "own.toml:6: batch: expected a whole number from 0, found 1.5"),
        ("batch = -1", "own.toml:6: batch: expected a whole number from 0, found -1"),
        ("loss = 3", "own.toml:6: loss: expected a table, found 3"),
        ("[loss]\nstance_classes = [1, 2]", "own.toml:7: loss.stance_classes: expected a list of 3, found length 2"),
        (
            "[trained]\nembeddings = 'frosen'",
            "own.toml:7: trained.embeddings: expected one of frozen, rows, full, found \"frosen\", did you mean frozen?",
        ),
        ("[teacher]\ncheckpoints = ['a']", "own.toml:6: teacher.texts: expected a value, found none"),
        (
            "batch = '8, expected 9'",
            "own.toml:6: batch: expected a whole number from 0, found string \"8, expected 9\"",
        ),
        ("batch = 99999999999999999999", "own.toml:6: expected any valid TOML value, found 99999999999999999999"),
        ("batch = \nlongest = 3", "own.toml:6: string values must be quoted"),
        ("batch = 8\n\nbatch = 9", "own.toml:8: duplicate key"),
    ] {
        let message = refused(&format!("{GOOD}{section}\n"), &[])?;
        assert!(message.starts_with(expected), "{message}\n{expected}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
    for (text, expected) in [
        (GOOD.replace("base = 'b'\n", ""), "own.toml: base: expected a value, found none"),
        (GOOD.replace("['t.jsonl']", "[]"), "own.toml:4: train: expected at least one file, found none"),
        (GOOD.replace("['d.jsonl']", "[]"), "own.toml:5: dev: expected at least one file, found none"),
        (GOOD.replace("['d.jsonl']", "'d.jsonl'"), "own.toml:5: dev: expected a list, found string \"d.jsonl\""),
        (
            GOOD.replace("'t.jsonl'", "\n'u',\n7"),
            "own.toml:6: train.1: expected a path or a table with a path, found 7",
        ),
        (
            GOOD.replace("'t.jsonl'", "{ path = 't', shar = 1 }"),
            "own.toml:4: train.0.shar: unknown key, did you mean share?",
        ),
        (GOOD.replace("'t.jsonl'", "{ share = 1 }"), "own.toml:4: train.0.path: expected a value, found none"),
        (
            format!(
                "{}[[train]]\npath = 'a'\n[[train]]\npath = 'b'\nshare = 0",
                GOOD.replace("train = ['t.jsonl']\n", "")
            ),
            "own.toml:9: train.1.share: expected a number above 0 and up to 1000, found 0",
        ),
    ] {
        assert_eq!(refused(&text, &[])?, expected);
    }
    Ok(())
}

#[test]
fn every_number_has_a_range() -> Result {
    for (key, values) in [
        ("epochs", "0"),
        ("batch", "0"),
        ("accumulation", "0"),
        ("longest", "7"),
        ("trained.rank", "0"),
        ("data.temperature", "0 0.09 -1.0 inf nan"),
        ("data.broken", "-0.1 1.1 nan"),
        ("data.masked", "-0.1 1.1"),
        ("data.replaced", "-0.1 1.1 nan"),
        ("loss.sentiment_weight", "-1.0 inf"),
        ("loss.smoothing", "-0.1 1.0"),
        ("loss.adversarial", "-1 inf"),
        ("loss.stance_classes", "[0,0,0] [1,-1,1] [1,inf,1]"),
        ("loss.sentiment_classes", "[0,0,0] [1,1,nan]"),
        ("trained.alpha", "0 inf"),
        ("optimizer.lr", "0 -1 nan inf"),
        ("optimizer.head_lr", "0"),
        ("optimizer.layer_decay", "0 1.1"),
        ("optimizer.warmup", "-0.1 1.1"),
        ("optimizer.weight_decay", "-0.1"),
        ("optimizer.betas", "[0.9,1.0] [-0.1,0.9]"),
        ("optimizer.eps", "0 1e-13 inf"),
        ("optimizer.clip", "0"),
        ("optimizer.average", "1.0 -0.1"),
        ("compute.save_minutes", "-1 nan"),
        ("train.0.share", "0 -1 1001 inf"),
        ("seed", "-1"),
        ("base", "''"),
        ("dev.0", "''"),
        ("evaluation.metric", "'f1' 'macro-f1'"),
    ] {
        for value in values.split(' ') {
            let said = format!("{key}={value}");
            let message = refused(GOOD, &[&said])?;
            assert!(message.starts_with(&format!("--set {said}: ")) && message.contains("expected"), "{message}");
            assert!(message.contains(", found "), "{message}");
        }
    }
    let teacher = |list: &str| {
        ["checkpoints", "texts"].map(|key| format!("teacher.{key}={}", if key == list { "[]" } else { "['a']" }))
    };
    for list in ["checkpoints", "texts"] {
        let [one, other] = teacher(list);
        let message = refused(GOOD, &[&one, &other])?;
        assert_eq!(message, format!("--set teacher.{list}=[]: expected at least one, found none"));
    }
    for (said, expected) in [
        ("teacher.share=1001", "expected a number above 0 and up to 1000, found 1001"),
        ("teacher.temperature=0.01", "expected a number from 0.1 to 100, found 0.01"),
        ("teacher.temperature=101", "expected a number from 0.1 to 100, found 101"),
        ("teacher.texts.0=a.CSV", "expected .jsonl or a file with a sentence a line, found .csv"),
    ] {
        let message = refused(GOOD, &["teacher.checkpoints=['a']", "teacher.texts=['a']", said])?;
        assert_eq!(message, format!("--set {said}: {expected}"));
    }
    for said in ["data.masked=0.5", "evaluation.half_masking=true"] {
        parse(GOOD, &[said])?;
        let message = refused(GOOD, &["target=pair", said])?;
        assert!(message.starts_with(&format!("--set {said}: expected target = \"span\", ")), "{message}");
    }
    let mut config = parse(GOOD, &["seed=9223372036854775807"])?;
    config.seed += 1;
    let message = config.check().err().map(|wrong| wrong.to_string());
    assert!(
        message.is_some_and(|message| message.starts_with("seed: ") && message.ends_with("found 9223372036854775808"))
    );
    let message = refused(GOOD, &["evaluation.metric=macro-f1"])?;
    assert!(message.ends_with("found \"macro-f1\", did you mean macro_f1?"), "{message}");
    assert!(!parse(GOOD, &["evaluation.metric=nll"])?.evaluation.figure()?.rises());
    Ok(())
}

#[test]
fn the_command_line_goes_above_the_file() -> Result {
    let overrides = [
        "optimizer.lr=1e-5",
        "optimizer.lr=2e-5",
        "base=models/x",
        "train.0.share=0.5",
        "train.1=more.jsonl",
        "train.2.path=csv/more.csv",
        "train.2.labels.neg=against",
        "trained.layers=lora",
        "loss.stance_classes=[2, 1, 2]",
        " seed = 7 ",
    ];
    let config = parse(&GOOD.replace("base = 'b'\n", ""), &overrides)?;
    assert_eq!((config.base.as_str(), config.optimizer.lr, config.seed), ("models/x", 2e-5, 7));
    assert_eq!(config.loss.stance_classes, [2.0, 1.0, 2.0]);
    assert_eq!(config.trained.layers, Layers::Lora);
    let [first, second, third] = config.train.as_slice() else { return Err("three files".into()) };
    assert_eq!((first.path.to_str(), first.share), (Some("t.jsonl"), 0.5));
    assert_eq!(*second, Source::new("more.jsonl"));
    assert_eq!(third.labels["neg"], "against");
    for (said, expected) in [
        ("optimizer.lrr=1", "--set optimizer.lrr=1: unknown key, did you mean lr?"),
        ("optimiser.lr=1", "--set optimiser.lr=1: optimiser: unknown key, did you mean optimizer?"),
        ("optimizer.lr=high", "--set optimizer.lr=high: expected a number, found string \"high\""),
        ("train={ path = 't' }", "--set train={ path = 't' }: expected a list, found a table"),
        ("train.7.share=1", "--set train.7.share=1: expected an index from 0 to 1, found 7"),
        ("seed.x=1", "--set seed.x=1: expected a table above x, found integer 3"),
        ("lr", "--set lr: expected KEY=VALUE, such as optimizer.lr=5e-5, found no ="),
        ("optimizer.=1", "--set optimizer.=1: expected a key before the =, its parts joined by dots"),
        ("train.0.columns.txt=a", "--set train.0.columns.txt=a: unknown key, did you mean text?"),
        (
            "train.0={ path = 'a', shar = 1 }",
            "--set train.0={ path = 'a', shar = 1 }: train.0.shar: unknown key, did you mean share?",
        ),
    ] {
        let message = refused(&format!("seed = 3\n{GOOD}"), &[said])?;
        assert_eq!(message, expected);
    }
    Ok(())
}

#[test]
fn a_file_of_a_list_says_how_it_is_read() -> Result {
    use regard_eval::dataset::{Field, Form};
    let source = |text: &str| parse(&GOOD.replace("'t.jsonl'", text), &[]).map(|config| config.train[0].clone());
    let table = source(
        "{ path = 'a.csv', columns = { text = 'sentence' }, labels = { neg = 'against', '-1' = 'favor' }, language = 'ar' }",
    )?;
    let (form, reading) = table.reading().map_err(|wrong| wrong.to_string())?;
    assert_eq!(
        (form, reading.columns[0].field, reading.columns[0].name.as_str()),
        (Form::Csv, Field::Text, "sentence")
    );
    assert_eq!(reading.labels.0.iter().map(|label| label.index).collect::<Vec<_>>(), [2, 0]);
    for (text, expected) in [
        ("{ path = 'a', form = 'cvs' }", "train.0.form: expected one of csv, tsv, parquet, jsonl, "),
        ("{ path = 'a', form = 'cvs' }", "found \"cvs\", did you mean csv?"),
        ("{ path = 'a', columns = { txt = 'b' } }", "train.0.columns.txt: unknown key, did you mean text?"),
        (
            "{ path = 'a', labels = { neg = 'bad' } }",
            "train.0.labels.neg: expected one of against, neutral, favor, found \"bad\"",
        ),
        ("{ path = 'a', language = 'no tag' }", "train.0.language: expected a BCP 47 tag such as ar, found \"no tag\""),
        ("{ path = 'a', absent = 'no' }", "train.0.absent: expected one of unknown, wrong, found \"no\""),
    ] {
        let Err(message) = source(text) else { return Err(expected.into()) };
        assert!(message.starts_with("own.toml:4: ") && message.contains(expected), "{message}");
    }
    Ok(())
}

#[test]
fn what_is_written_is_what_was_read() -> Result {
    let overrides = ["optimizer.head_lr=1e-3", "train.0.share=0.5", "teacher.checkpoints=['a']", "teacher.texts=['t']"];
    let config = parse(GOOD, &overrides)?;
    let written = toml::to_string_pretty(&config)?;
    let again = parse(&written, &[])?;
    assert_eq!(toml::to_string_pretty(&again)?, written);
    assert_eq!((again.train, again.optimizer.head_lr), (config.train, Some(1e-3)));
    Ok(())
}

#[test]
fn the_experiments_beside_this_crate_are_read() -> Result {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
    for name in ["default.toml", "peers.toml", "example.toml"] {
        Config::open(&directory.join(name), &[])?;
    }
    // What example.toml says is what would hold if it did not say it.
    let text = std::fs::read_to_string(directory.join("example.toml"))?;
    let said: toml::Table = toml::from_str(&text)?;
    let required = ["base", "output", "epochs", "train", "dev"];
    let bare = said.iter().filter(|(key, _)| required.contains(&key.as_str()));
    let bare: toml::Table = bare.map(|(key, value)| (key.clone(), value.clone())).collect();
    let defaults = toml::Table::try_from(parse(&toml::to_string(&bare)?, &[])?)?;
    let settings = |table: &toml::Table| -> toml::Table {
        let rest = table.iter().filter(|(key, _)| !required.contains(&key.as_str()));
        rest.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    assert_eq!(settings(&said), settings(&defaults));
    // What has no default stands behind a # without a space.
    let uncommented: String = text
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line).to_owned() + "\n")
        .collect();
    let full = parse(&uncommented, &[])?;
    assert!(full.teacher.is_some() && full.optimizer.head_lr.is_some());
    Ok(())
}
