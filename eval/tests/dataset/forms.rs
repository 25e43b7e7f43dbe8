//! Each published form, with records invented in it.

use regard_eval::dataset::{Form, Reading};

use super::{Outcome, converted};

/// Of an example: id, language, target, its mention, label, and a piece of its meta.
type Expected = (&'static str, &'static str, &'static str, Option<&'static str>, &'static str, &'static str);

/// A file and what it holds.
struct Case {
    form: Form,
    name: &'static str,
    bytes: &'static [u8],
    expected: &'static [Expected],
}

const CASES: [Case; 9] = [
    Case {
        form: Form::NewsMtsc,
        name: "train.jsonl",
        bytes: r#"{"primary_gid":"a_0_7","sentence_normalized":"“Ms Lind” thanked Mr Orr.","targets":[{"Input.gid":"a_1_8","from":1,"to":8,"mention":"Ms Lind","polarity":6.0},{"Input.gid":"a_18_24","from":18,"to":24,"mention":"Mr Orr","polarity":2.0,"further_mentions":[]}]}"#.as_bytes(),
        expected: &[
            ("a_1_8", "en", "Ms Lind", Some("Ms Lind"), "favor", r#""label":"6""#),
            ("a_18_24", "en", "Mr Orr", Some("Mr Orr"), "against", r#""primary_gid":"a_0_7""#),
        ],
    },
    Case {
        form: Form::NewsMtsc,
        name: "hf.jsonl",
        bytes: br#"{"mention":"he","polarity":-1,"from":4,"to":6,"sentence":"And he left.","id":"b_4_6"}"#,
        expected: &[("b_4_6", "en", "he", Some("he"), "against", r#""label":"-1""#)],
    },
    Case {
        form: Form::MadTsc,
        name: "deepl/from_en_to_fr/test.jsonl",
        bytes: r#"{"primary_gid":"m1","sentence_normalized":"L'été, Mme Roy déçoit.","targets":[{"Input.gid":"m1","from":7,"to":14,"mention":"Mme Roy","polarity":4}]}"#.as_bytes(),
        expected: &[("m1-fr", "fr", "Mme Roy", Some("Mme Roy"), "neutral", r#""label":"4""#)],
    },
    Case {
        form: Form::RuSentNe,
        name: "train_data.csv",
        bytes: "sentence\tentity\tentity_tag\tentity_pos_start_rel\tentity_pos_end_rel\tlabel\n\"Газета \"\"Ъ\"\" хвалит Орлова.\"\tОрлова\tPERSON\t18\t24\t1\nЦентр молчит.\tЦентр\tORGANIZATION\t0\t5\t0\n".as_bytes(),
        expected: &[
            ("train_data-2", "ru", "Орлова", Some("Орлова"), "favor", r#""label":"1""#),
            ("train_data-3", "ru", "Центр", Some("Центр"), "neutral", r#""label":"0""#),
        ],
    },
    Case {
        form: Form::SemEval2016,
        name: "trainingdata.txt",
        bytes: b"ID\tTarget\tTweet\tStance\r\n101\tThe Old Bridge\t\"It\x92s time the old bridge went #SemST\tAGAINST\r\n102\tThe Old Bridge\tcaf\xe9 \"today\" #SemST\tNONE\r\n",
        expected: &[
            ("101", "en", "The Old Bridge", None, "against", r#""label":"AGAINST""#),
            ("102", "en", "The Old Bridge", None, "neutral", r#""label":"NONE""#),
        ],
    },
    Case {
        form: Form::Mawqif,
        name: "Mawqif.csv",
        bytes: "ID,text,target,stance,stance:confidence,sarcasm,sentiment\n7,\" الجسر الجديد جميل، شكراً\",New Bridge,Favor,0.9,No,Positive\n9,لا رأي,New Bridge,None,1,No,Neutral\n".as_bytes(),
        expected: &[
            ("7", "ar", "New Bridge", None, "favor", r#""sentiment":"Positive""#),
            ("9", "ar", "New Bridge", None, "neutral", r#""stance:confidence":"1""#),
        ],
    },
    Case {
        form: Form::XStance,
        name: "test.jsonl",
        bytes: r#"{"id":5,"language":"de","question_id":3,"question":"Soll die Brücke weg?","comment":"Nie und nimmer.","label":"AGAINST","numerical_label":0,"author":"x","topic":"Traffic","test_set":"new_topics_defr"}"#.as_bytes(),
        expected: &[("5", "de", "Soll die Brücke weg?", None, "against", r#""test_set":"new_topics_defr""#)],
    },
    Case {
        form: Form::Vast,
        name: "vast_train.csv",
        bytes: b"author,post,ori_topic,ori_id,new_topic,label,type_idx,new_id,arc_id,seen?\nAnn,\"A toll bridge pays,\nsay I.\",bridges,A1,toll bridge,1,1,41,7,0\nBob,No.,bridges,A2,bridges,0,1,42,7,1\nCy,Rain.,bridges,A3,bridges,2,4,43,7,1\n",
        expected: &[
            ("41", "en", "toll bridge", Some("toll bridge"), "favor", r#""seen?":"0""#),
            ("42", "en", "bridges", None, "against", r#""label":"0""#),
            ("43", "en", "bridges", None, "neutral", r#""label":"2""#),
        ],
    },
    Case {
        form: Form::Jsonl,
        name: "own.jsonl",
        bytes: "\u{feff}{\"id\":\"1\",\"dataset\":\"own\",\"lang\":\"ko\",\"text\":\"한국이 옳다\",\"target\":\"한국\",\"target_start\":0,\"target_end\":2,\"label\":\"favor\",\"group\":\"g\",\"meta\":{\"by\":\"me\"}}\n\n".as_bytes(),
        expected: &[("1", "ko", "한국", Some("한국"), "favor", r#""by":"me""#)],
    },
];

#[test]
fn published_forms_become_examples() -> Outcome {
    for Case { form, name, bytes, expected } in CASES {
        let examples = converted(form, name, bytes, &Reading::default())?;
        assert_eq!(examples.len(), expected.len(), "{name}");
        for (example, (id, language, target, mention, label, meta)) in examples.into_iter().zip(expected) {
            let example = example?;
            assert_eq!((example.id.as_str(), example.language.as_str()), (*id, *language), "{name}");
            assert_eq!(example.target.as_deref(), Some(*target), "{name}");
            assert_eq!(example.mention.map(|span| span.of(&example.text)), *mention, "{name}");
            assert_eq!(example.gold.name(), *label, "{name}");
            let found = serde_json::to_string(&example.meta)?;
            assert!(found.contains(meta), "{name}: {meta} is not in {found}");
        }
    }
    Ok(())
}

#[test]
fn what_the_source_says_of_targets_and_characters_is_kept() -> Outcome {
    let tags = "sentence\tentity\tentity_tag\tentity_pos_start_rel\tentity_pos_end_rel\tlabel\nЦентр молчит.\tЦентр\tORGANIZATION\t0\t5\t0\n";
    let center = converted(Form::RuSentNe, "a.csv", tags.as_bytes(), &Reading::default())?.remove(0)?;
    assert_eq!(center.target_type.as_deref(), Some("organisation"));
    let tweet = b"ID\tTarget\tTweet\tStance\n1\tTrams\tIt\x92s a caf\xe9\tFAVOR\n";
    let tweet = converted(Form::SemEval2016, "a.txt", tweet, &Reading::default())?.remove(0)?;
    assert_eq!(tweet.text, "It’s a café", "Windows-1252");
    Ok(())
}

#[test]
fn sentences_share_a_group_whatever_their_target() -> Outcome {
    let two = br#"{"mention":"Ann","polarity":1,"from":0,"to":3,"sentence":"Ann met Bob.","id":"1"}
{"mention":"Bob","polarity":0,"from":8,"to":11,"sentence":"Ann met Bob.","id":"2"}
{"mention":"Bob","polarity":0,"from":0,"to":3,"sentence":"Bob left.","id":"3"}"#;
    let examples: Vec<_> =
        converted(Form::NewsMtsc, "a.jsonl", two, &Reading::default())?.into_iter().collect::<Result<_, _>>()?;
    assert_eq!(examples[0].group, examples[1].group);
    assert_ne!(examples[0].group, examples[2].group);
    Ok(())
}

#[test]
fn records_that_cannot_be_used_are_named() -> Outcome {
    let nested = br#"{"primary_gid":"1","sentence_normalized":"Ann left.","targets":[{"Input.gid":"1","from":0,"to":3,"mention":"Ann","polarity":6}]}
{"primary_gid":"2","sentence_normalized":"Ann left.","targets":null}
{"primary_gid":"3","sentence_normalized":"Ann left.","targets":[{"Input.gid":"3","from":5,"to":30,"mention":"Ann","polarity":6}]}
{"primary_gid":"4","sentence_normalized":"Ann left.","targets":[{"Input.gid":"4","from":0,"to":3,"mention":"Ann","polarity":3}]}
nonsense
{"primary_gid":"6","sentence_normalized":"","targets":[{"Input.gid":"6","from":0,"to":3,"mention":"Ann","polarity":6}]}
{"primary_gid":"7","sentence_normalized":"Ann left.","targets":[{"Input.gid":"7","from":"x","to":3,"mention":"Ann","polarity":6}]}"#;
    let examples = converted(Form::NewsMtsc, "a.jsonl", nested, &Reading::default())?;
    let expected = [
        ("a.jsonl:2: ", "targets: expected a list, found null"),
        ("a.jsonl:3: ", "from, to: expected a range within 9 code points, found 5..30"),
        ("a.jsonl:4: ", "polarity: expected one of 2, 4, 6, -1, 0, 1, against, neutral, favor, found \"3\""),
        ("a.jsonl:5: ", "expected a JSON object"),
        ("a.jsonl:6: ", "sentence: expected text, found none"),
        ("a.jsonl:7: ", "from: expected an offset in code points, found \"x\""),
    ];
    assert!(examples[0].is_ok());
    for (found, (place, message)) in examples.iter().skip(1).zip(expected) {
        let Err(found) = found else { return Err(format!("{place} was read").into()) };
        assert!(found.contains(place) && found.contains(message), "{found}");
    }
    Ok(())
}
