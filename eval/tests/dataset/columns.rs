//! Tables with a column map.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use regard_eval::Gold;
use regard_eval::dataset::{Column, Form, LabelName, Labels, Reading, convert};

use super::{Outcome, converted};

fn reading(columns: &str, labels: &str) -> Result<Reading, String> {
    let columns: Vec<Column> = columns.split(',').map(str::parse).collect::<Result<_, _>>()?;
    let labels: Vec<LabelName> = labels.split_terminator(',').map(str::parse).collect::<Result<_, _>>()?;
    Ok(Reading { columns, labels: Labels(labels), language: Some("en".into()), dataset: Some("own".into()) })
}

#[test]
fn columns_and_labels_are_mapped() -> Outcome {
    let csv = b"s,who,what,a,b,url\r\n\"Ann, who left\",Ann,NEG,0,3.0,x\r\n\r\nBob sang.,Bob,pos,,,y\r\nBob and Bob.,Bob,Favor,,,z\r\n";
    let map = reading("text=s,target=who,label=what,start=a,end=b,meta=url", "neg=against,0=neutral,pos=favor")?;
    let examples: Vec<_> = converted(Form::Csv, "in.csv", csv, &map)?.into_iter().collect::<Result<_, _>>()?;
    let labels: Vec<_> = examples.iter().map(|example| example.gold.name()).collect();
    assert_eq!(labels, ["against", "favor", "favor"]);
    let mentions: Vec<_> = examples.iter().map(|example| example.mention.map(|span| span.range())).collect();
    assert_eq!(mentions, [Some(0..3), Some(0..3), None], "found where it stands once");
    assert_eq!(examples[1].id, "in-4", "the line of the record, behind a blank one");
    assert_eq!(examples[0].meta["url"], "x");
    Ok(())
}

#[test]
fn signs_are_labels_where_none_are_named() -> Outcome {
    let tsv = b"text\ttarget\tlabel\nAnn left.\tAnn\t-1\nAnn left.\tAnn\t1.0\nAnn left.\tAnn\tneutral\n";
    let plain = Reading { language: Some("en".into()), dataset: Some("own".into()), ..Reading::default() };
    let found = converted(Form::Tsv, "a.tsv", tsv, &plain)?;
    let labels: Vec<_> = found.iter().map(|found| found.as_ref().map(|example| example.gold.name())).collect();
    assert_eq!(labels[0], Ok("against"));
    assert_eq!(labels[2], Ok("neutral"));
    let named = Reading { labels: Labels(vec!["0=against".parse::<LabelName>()?]), ..plain };
    let found = converted(Form::Tsv, "a.tsv", tsv, &named)?;
    assert!(found[0].is_err(), "-1 may mean anything beside 0=against");
    Ok(())
}

#[test]
fn sentiment_needs_no_target() -> Outcome {
    let map = reading("text=t,sentiment=mood", "")?;
    let example = converted(Form::Csv, "a.csv", b"t,mood\nSad.,Negative\n", &map)?.remove(0)?;
    assert_eq!(example.gold, Gold::Sentiment(regard::Sentiment::Negative));
    Ok(())
}

#[test]
fn a_missing_column_is_said_once_with_the_nearest_name() -> Outcome {
    let csv = b"Sentence,entity,label\nAnn left.,Ann,1\n";
    let message = |columns: &str| -> Result<String, Box<dyn std::error::Error>> {
        match converted(Form::Csv, "a.csv", csv, &reading(columns, "")?) {
            Err(error) => Ok(error.to_string()),
            Ok(_) => Err("it was read".into()),
        }
    };
    let found = message("text=sentense,target=entity")?;
    assert!(found.ends_with("a.csv: expected a column \"sentense\" for text, found the columns Sentence, entity, label (did you mean \"Sentence\"?)"), "{found}");
    assert!(message("text=Sentence")?.contains("expected a column \"target\" for target"));
    assert!(message("text=Sentence,target=entity,start=label")?.contains("expected a column \"end\" for end"));
    let nobody = Reading { language: None, ..reading("text=Sentence,target=entity", "")? };
    let found = converted(Form::Csv, "a.csv", csv, &nobody).err().ok_or("it was read")?.to_string();
    assert!(found.contains("language: expected a column or --language, found neither"), "{found}");
    Ok(())
}

#[test]
fn broken_rows_are_named_and_the_rest_goes_on() -> Outcome {
    let csv = b"text,target,label,language\nAnn left.,Ann\nAnn l\xe9ft.,Ann,1,en\n,Ann,1,en\nAnn left.,,1,en\nAnn left.,Ann,,en\nAnn left.,Ann,1,?\nAnn left.,Ann,1,en\n";
    let found = converted(Form::Csv, "a.csv", csv, &reading("text=text,language=language", "")?)?;
    let expected = [
        ":2: expected 4 fields, found 2",
        ":3: text: expected UTF-8, found another byte at offset 5",
        ":4: text: expected text, found none",
        ":5: target: expected a target, found none",
        ":6: label: expected a label, found none",
        ":7: language: expected a BCP 47 tag such as ar, found \"?\"",
    ];
    for (found, expected) in found.iter().zip(expected) {
        let message = found.as_ref().err().ok_or(format!("{expected} was read"))?;
        assert!(message.ends_with(expected), "{message}");
    }
    assert!(found.last().is_some_and(Result::is_ok));
    Ok(())
}

/// What a quotation mark swallows must not be lost in silence.
#[test]
fn an_open_quotation_mark_is_named() -> Outcome {
    let csv = b"label,target,text\nfavor,Ann,Ann sang.\nfavor,Bob,\"Bob sang.\nfavor,Cy,Cy sang.\n";
    let map = reading("text=text,target=target,label=label", "")?;
    let examples = converted(Form::Csv, "in.csv", csv, &map)?;
    let [Ok(first), Err(error)] = examples.as_slice() else { return Err("one record, one error".into()) };
    assert_eq!(first.text, "Ann sang.");
    assert!(error.to_string().contains("in.csv:3: expected a closing quotation mark"), "{error}");
    Ok(())
}

#[test]
fn what_is_said_twice_is_refused() -> Outcome {
    let csv = b"text,target,label,label\nAnn sang.,Ann,favor,against\n";
    let twice =
        converted(Form::Csv, "in.csv", csv, &reading("text=text", "")?).err().ok_or("two columns of one name")?;
    assert!(twice.to_string().contains("found \"label\" twice"), "{twice}");
    let csv = b"text,target,label\nAnn sang.,Ann,favor\n";
    let twice =
        converted(Form::Csv, "in.csv", csv, &reading("text=text,text=target", "")?).err().ok_or("two of text")?;
    assert!(twice.to_string().contains("expected one column for text, found two"), "{twice}");
    Ok(())
}

/// Two records, the second without a label.
fn write_parquet(path: &Path, compression: Compression) -> Outcome {
    let schema = "message m {
        REQUIRED BYTE_ARRAY sentence (UTF8);
        REQUIRED BYTE_ARRAY who (UTF8);
        OPTIONAL INT64 polarity;
    }";
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut writer = SerializedFileWriter::new(File::create(path)?, Arc::new(parse_message_type(schema)?), properties)?;
    let mut group = writer.next_row_group()?;
    for texts in [["Ann ging.", "Öl von Bob."], ["Ann", "Bob"]] {
        let mut column = group.next_column()?.ok_or("a column")?;
        column.typed::<ByteArrayType>().write_batch(&texts.map(ByteArray::from), None, None)?;
        column.close()?;
    }
    let mut column = group.next_column()?.ok_or("a column")?;
    column.typed::<Int64Type>().write_batch(&[2], Some(&[1, 0]), None)?;
    column.close()?;
    group.close()?;
    writer.close()?;
    Ok(())
}

const POLARITY: (&str, &str) = ("text=sentence,target=who,label=polarity", "0=against,1=neutral,2=favor");

#[test]
fn parquet_is_read_whatever_its_compression() -> Outcome {
    let directory = tempfile::tempdir()?;
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::ZSTD(Default::default()),
        Compression::GZIP(Default::default()),
        Compression::LZ4_RAW,
    ] {
        let path = directory.path().join("a.parquet");
        write_parquet(&path, compression)?;
        let examples = convert(&path, Form::Parquet, &reading(POLARITY.0, POLARITY.1)?)?.examples;
        let [Ok(ann), Err(bob)] = examples.as_slice() else {
            return Err(format!("{compression:?}: {examples:?}").into());
        };
        assert_eq!((ann.gold.name(), ann.mention.map(|span| span.of(&ann.text))), ("favor", Some("Ann")));
        assert!(bob.to_string().ends_with("a.parquet:2: polarity: expected a label, found none"), "{bob}");
    }
    Ok(())
}

#[test]
fn damaged_parquet_is_refused_without_a_panic() -> Outcome {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("a.parquet");
    write_parquet(&path, Compression::SNAPPY)?;
    let whole = std::fs::read(&path)?;
    let map = reading(POLARITY.0, POLARITY.1)?;
    for place in 0..whole.len() {
        for (bits, length) in [(0xFF, whole.len()), (0x01, whole.len()), (0x00, place)] {
            let mut damaged = whole.clone();
            damaged[place] ^= bits;
            std::fs::write(&path, &damaged[..length])?;
            // Some bytes say nothing that is asked for; most are an error.
            let _ = convert(&path, Form::Parquet, &map);
        }
    }
    Ok(())
}
