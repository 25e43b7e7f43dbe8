use std::path::{Path, PathBuf};

use candle_core::Device;
use regard::Span;
use regard::predict::{Prediction, Predictor, Query, Target};

use super::*;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// A `tokenizer.json` like XLM-R's: special tokens first, `<mask>` last.
fn unigram(pieces: &[(&str, f64)]) -> Value {
    let specials = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)];
    let rows: Vec<(&str, f64)> = specials.into_iter().chain(pieces.iter().copied()).chain([("<mask>", 0.0)]).collect();
    let added = rows.iter().zip(0..).filter(|((piece, _), _)| piece.starts_with('<')).map(|((piece, _), id)| {
        json!({"id": id, "content": piece, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
            "special": true})
    });
    let special = |name: &str| json!({"SpecialToken": {"id": name, "type_id": 0}});
    let sequence = |name: &str| json!({"Sequence": {"id": name, "type_id": 0}});
    let [first, last] = ["<s>", "</s>"].map(special);
    let [one, two] = ["A", "B"].map(sequence);
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added.collect::<Vec<_>>(),
        "normalizer": null, "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
        "post_processor": {
            "type": "TemplateProcessing", "single": [first, one, last], "pair": [first, one, last, last, two, last],
            "special_tokens": {
                "<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}, "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]},
            },
        },
        "decoder": null, "model": {"type": "Unigram", "unk_id": 3, "vocab": rows, "byte_fallback": false},
    })
}

/// A few words, the letters to spell them, and two scripts that nobody here reads.
const PIECES: &[(&str, f64)] = &[
    ("▁", -3.0),
    ("s", -4.0),
    ("▁peace", -8.125),
    ("▁war", -8.25),
    ("ไทย", -8.5),
    ("▁treaty", -9.0),
    ("▁мир", -9.0),
    ("▁αγορά", -9.5),
    ("平和", -9.5),
    ("a", -10.0),
    ("c", -10.0),
    ("e", -10.0),
    ("p", -10.0),
    ("r", -10.0),
    ("t", -10.0),
    ("w", -10.0),
    ("y", -10.0),
    ("и", -10.0),
    ("м", -10.0),
    ("р", -10.0),
    ("平", -11.0),
    ("和", -11.0),
];

fn bytes(tokenizer: &Value) -> Vec<u8> {
    tokenizer.to_string().into_bytes()
}

fn plan(pieces: usize) -> Plan {
    Plan { pieces, unseen: 10.0 }
}

/// `trimmed`'s ids of `text` as old ones.
fn old_ids(trimmed: &Trimmed, text: &str) -> Outcome<Vec<u32>> {
    let tokenizer = Tokenizer::parse(&trimmed.tokenizer_json, PLACE, 100)?;
    Ok(tokenizer.encode(text, &[])?.ids.into_iter().map(|id| trimmed.kept[id as usize]).collect())
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    format!("{}", result.expect_err("a refusal"))
}

#[test]
fn kept_pieces_keep_their_order_and_their_scores() -> Outcome {
    let tokenizer = unigram(PIECES);
    // Five special tokens and three pieces fewer than there are in known scripts.
    let trimmed = trim(&bytes(&tokenizer), ["peace treaty treaty"], &plan(5 + 17))?;
    assert_eq!(trimmed.kept.len(), 22);
    assert!(trimmed.kept.is_sorted());
    assert_eq!((&trimmed.kept[..4], trimmed.kept[21]), ([0, 1, 2, 3].as_slice(), 26));
    let file: Value = serde_json::from_slice(&trimmed.tokenizer_json)?;
    for (new, &old) in trimmed.kept.iter().enumerate() {
        assert_eq!(file["model"]["vocab"][new], tokenizer["model"]["vocab"][old as usize]);
    }
    let ids: Vec<_> = file["added_tokens"].as_array().into_iter().flatten().map(|token| token["id"].as_u64()).collect();
    assert_eq!(ids, [0, 1, 2, 3, 21].map(Some));
    assert_eq!(file["post_processor"], tokenizer["post_processor"]);
    let pieces: Vec<&str> =
        trimmed.kept.iter().filter_map(|&id| PIECES.get((id as usize).wrapping_sub(4))).map(|p| p.0).collect();
    assert!(!pieces.contains(&"ไทย") && !pieces.contains(&"▁αγορά"), "{pieces:?}");
    Ok(())
}

#[test]
fn text_of_kept_pieces_is_split_as_before() -> Outcome {
    let tokenizer = bytes(&unigram(PIECES));
    let whole = Tokenizer::parse(&tokenizer, PLACE, 100)?;
    let trimmed = trim(&tokenizer, ["peace treaty", "мир", "平和"], &plan(24))?;
    for text in ["peace", "treatys", "мир peace", "平和", "war"] {
        let before = whole.encode(text, &[])?.ids;
        let after = old_ids(&trimmed, text)?;
        if before.iter().all(|id| trimmed.kept.contains(id)) {
            assert_eq!(after, before, "{text}");
        }
        assert!(!after.contains(&3), "{text}: every letter of it is a piece");
    }
    assert_eq!(old_ids(&trimmed, "treaty")?, [0, 9, 2]);
    Ok(())
}

#[test]
fn what_texts_use_stays_and_the_rest_goes_by_score() -> Outcome {
    let tokenizer = bytes(&unigram(PIECES));
    let kept = |text: &str, piece: &str| -> Outcome<bool> {
        let trimmed = trim(&tokenizer, [text], &plan(23))?;
        let place = PIECES.iter().position(|(known, _)| *known == piece).ok_or("no such piece")?;
        Ok(trimmed.kept.contains(&(place as u32 + 4)))
    };
    assert!(kept("treaty treaty treaty", "▁treaty")?);
    assert!(!kept("war war war", "▁treaty")?);
    assert!(kept("war war war", "▁war")?);
    Ok(())
}

#[test]
fn no_more_is_asked_than_there_is() -> Outcome {
    let tokenizer = bytes(&unigram(PIECES));
    let trimmed = trim(&tokenizer, [], &plan(1000))?;
    assert_eq!(trimmed.kept.len(), PIECES.len() + 5 - 2, "all but two in foreign scripts");
    let again = trim(&trimmed.tokenizer_json, [], &plan(1000))?;
    assert_eq!(again.tokenizer_json, trimmed.tokenizer_json);
    assert_eq!(again.kept, (0..trimmed.kept.len() as u32).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn special_tokens_are_found_by_their_old_ids() -> Outcome {
    let mut tokenizer = unigram(PIECES);
    // A padding token at the end, as some tools add one.
    tokenizer["padding"] = json!({"strategy": "BatchLongest", "direction": "Right", "pad_to_multiple_of": null,
        "pad_id": 26, "pad_type_id": 0, "pad_token": "<mask>"});
    let trimmed = trim(&bytes(&tokenizer), [], &plan(20))?;
    let file: Value = serde_json::from_slice(&trimmed.tokenizer_json)?;
    assert_eq!((file["padding"]["pad_id"].as_u64(), file["model"]["unk_id"].as_u64()), (Some(19), Some(3)));
    Ok(())
}

#[test]
fn what_cannot_be_trimmed_is_refused() {
    let refused = |change: &dyn Fn(&mut Value), plan: &Plan| {
        let mut tokenizer = unigram(PIECES);
        change(&mut tokenizer);
        refusal(trim(&bytes(&tokenizer), [], plan))
    };
    let word_piece = refused(&|file| file["model"] = json!({"type": "WordPiece", "vocab": {"a": 0}}), &plan(20));
    assert_eq!(word_piece, "tokenizer.json: model.type: expected \"Unigram\", found \"WordPiece\"");
    assert!(refused(&|file| *file = json!([1]), &plan(20)).contains("model.type: expected \"Unigram\", found null"));
    assert!(refused(&|file| file["model"]["vocab"] = json!({}), &plan(20)).contains("model.vocab: "));
    assert!(refused(&|file| file["model"]["byte_fallback"] = json!(true), &plan(20)).contains("found true"));
    assert!(refused(&|file| file["post_processor"]["type"] = json!("Sequence"), &plan(20)).contains("\"Sequence\""));
    assert!(
        refused(&|file| file["added_tokens"][0]["id"] = json!("x"), &plan(20)).contains("special token, found \"x\"")
    );
    assert_eq!(refused(&|_| (), &plan(5)), "pieces: expected more than the 5 special ones, found 5");
    assert!(refused(&|_| (), &Plan { unseen: 0.0, ..plan(20) }).contains("unseen: expected a positive number"));
    assert!(refusal(trim(b"{", [], &plan(20))).starts_with("tokenizer.json: "));
}

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/inference/tests/reference").join(name)
}

fn predictions(checkpoint: Checkpoint, sentences: &[&str]) -> Outcome<Vec<Prediction>> {
    let predictor = Predictor::new(checkpoint)?;
    let queries = sentences.iter().map(|text| {
        let mentions = Span::new(text, 0, text.len()).into_iter().collect();
        Query { text, language: None, targets: vec![Target { name: "시장".into(), mentions }] }
    });
    Ok(predictor.predict(&queries.collect::<Vec<_>>())?)
}

#[test]
fn a_trimmed_checkpoint_answers_as_before() -> Outcome {
    let open = || Checkpoint::open(&reference("xlm-roberta"), &Device::Cpu);
    let checkpoint = open()?;
    let sentences = ["Ан Мэри хвали", "시민 고은 반대", "The Ana cackled!"];
    let texts = sentences.into_iter().chain(["시장"]);
    let trimmed = trim(&checkpoint.tokenizer_json, texts.clone(), &Plan { pieces: 80, unseen: 0.01 })?;
    for text in texts {
        assert_eq!(old_ids(&trimmed, text)?, checkpoint.tokenizer.encode(text, &[])?.ids, "{text}");
    }
    let directory = tempfile::tempdir()?;
    let output = directory.path().join("trimmed");
    trim_checkpoint(&checkpoint, &output, &trimmed, Storage::F32, "# A card")?;

    let smaller = Checkpoint::open(&output, &Device::Cpu)?;
    assert_eq!(smaller.encoder.vocabulary, 80);
    assert_eq!(smaller.config["pad_token_id"], checkpoint.config["pad_token_id"]);
    let rows = |checkpoint: &Checkpoint| -> Outcome<Vec<Vec<f32>>> {
        Ok(checkpoint.weights.get(EMBEDDING)?.ok_or("no embedding")?.to_vec2()?)
    };
    let (before, after) = (rows(&checkpoint)?, rows(&smaller)?);
    for (new, &old) in trimmed.kept.iter().enumerate() {
        assert_eq!(after[new], before[old as usize]);
    }
    assert_eq!(predictions(smaller, &sentences)?, predictions(open()?, &sentences)?);
    Ok(())
}

#[test]
fn a_vocabulary_of_another_checkpoint_is_refused() -> Outcome {
    let mut checkpoint = Checkpoint::open(&reference("xlm-roberta"), &Device::Cpu)?;
    let directory = tempfile::tempdir()?;
    let output = directory.path().join("trimmed");
    let mut save = |kept: Vec<u32>, pad: u32| {
        checkpoint.config["pad_token_id"] = json!(pad);
        let trimmed = Trimmed { tokenizer_json: Vec::new(), kept };
        refusal(trim_checkpoint(&checkpoint, &output, &trimmed, Storage::F32, ""))
    };
    assert!(save(vec![0, 1, 2, 107], 1).contains("expected more than 107 rows, found 107"));
    assert!(save(vec![0, 2, 3], 1).contains("pad_token_id: expected the id of a special token, found 1"));
    assert!(save(vec![0, 2, 3], 2).contains("pad_token_id: expected only special tokens before it, found 2"));
    assert!(!output.exists());
    Ok(())
}
