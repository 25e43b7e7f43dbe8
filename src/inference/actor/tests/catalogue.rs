//! The door of the catalogue: what it refuses, and in which words.

use crate::actor::{Catalogue, Matcher};

const RUSSIA: &str = "[[actor]]\nid = \"RU\"\ntype = \"state\"\nname = \"Russia\"\n[actor.names]\nen = [\"Russia\"]\n";

fn refused(toml: &str) -> String {
    Catalogue::parse(toml, "my.toml").expect_err(toml).to_string()
}

#[test]
fn the_shipped_catalogue_is_valid() {
    let catalogue = Catalogue::shipped().expect("valid");
    Matcher::new(&catalogue).expect("compiles");
    assert!(catalogue.len() > 150 && !catalogue.is_empty());
    assert_eq!(
        catalogue.get("vladimir-putin").and_then(|putin| putin.country.as_ref()).map(|id| id.as_str()),
        Some("RU")
    );
    assert_eq!(catalogue.get("KP").map(|state| state.name_in("ar")), Some("كوريا الشمالية"));
    assert_eq!(catalogue.get("KP").map(|state| state.name_in("sw")), Some("North Korea"));
    assert!(catalogue.actors().iter().filter_map(|actor| actor.wikidata.as_ref()).all(|item| item.starts_with('Q')));
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let cases = [
        (RUSSIA.replace("\"RU\"", "\"Russia\""), "my.toml:2: id: expected two capitals (ISO 3166-1), found \"Russia\""),
        (
            RUSSIA.replace("\"Russia\"]", "\"Russia\", \" \"]"),
            "my.toml:6: names.en: expected an alias with a letter, found \" \"",
        ),
        (
            RUSSIA.replace("en =", "EN ="),
            "my.toml:6: names: expected a language in two or three small letters, found \"EN\"",
        ),
        (
            RUSSIA.replace("name =", "wikidata = \"159\"\nname ="),
            "my.toml:4: wikidata: expected a Wikidata item such as \"Q159\", found \"159\"",
        ),
        (format!("{RUSSIA}\n{RUSSIA}"), "my.toml:9: id: expected a new id, found \"RU\" of my.toml:2 again"),
        (
            format!("{RUSSIA}{}", RUSSIA.replace("\"RU\"", "\"XX\"").replace("[\"Russia\"]", "[\"RUSSIA\"]")),
            "my.toml:8: names.en of XX: expected an alias of no other actor, found \"RUSSIA\" of RU (my.toml:2)",
        ),
        (
            format!("{RUSSIA}[compounds.zh]\n\"中俄\" = [\"RU\"]\n"),
            "my.toml:8: compounds: expected a word of as many letters as it names actors (1), two at least, found \"中俄\"",
        ),
    ];
    for (toml, expected) in cases {
        assert_eq!(refused(&toml), expected);
    }
    // What serde and the TOML parser find: their words, our place.
    for (toml, line, words) in [
        (
            RUSSIA.replace("state", "planet"),
            3,
            "unknown variant `planet`, expected one of `state`, `organisation`, `person`",
        ),
        (RUSSIA.replace("name =", "title ="), 4, "unknown field `title`, expected one of `id`"),
        (RUSSIA.replace("[\"Russia\"]", "\"Russia\""), 6, "invalid type: string \"Russia\", expected a sequence"),
        (RUSSIA.replace("[actor.names]", "[actor.names"), 5, "unclosed table, expected `]`"),
        (RUSSIA.replace("type = \"state\"\n", ""), 1, "missing field `type`"),
    ] {
        let message = refused(&toml);
        assert!(message.starts_with(&format!("my.toml:{line}: {words}")), "{message}");
    }
}

#[test]
fn a_compound_of_unknown_actors_does_not_compile() {
    let toml = format!("{RUSSIA}[compounds.zh]\n\"中俄\" = [\"CN\", \"RU\"]\n");
    let catalogue = Catalogue::parse(&toml, "my.toml").expect("its actors may stand in another file");
    let error = Matcher::new(&catalogue).expect_err("CN is in none");
    assert_eq!(error.to_string(), "my.toml:8: compounds.zh.中俄: expected the id of an actor, found \"CN\"");
}

#[test]
fn an_extension_replaces_actors_whole_and_adds_the_rest() {
    let own = "[[actor]]\nid = \"RU\"\ntype = \"state\"\nname = \"Rossiya\"\n[actor.names]\nen = [\"Rossiya\"]\n\
               [[actor]]\nid = \"BO\"\ntype = \"state\"\nname = \"Bolivia\"\n[actor.names]\nen = [\"Bolivia\"]\n\
               [decoys]\nen = [\"Bolivia, North Carolina\"]\n";
    let own = Catalogue::parse(own, "own.toml").expect("valid");
    let shipped = Catalogue::shipped().expect("valid");
    let count = shipped.len();
    let both = shipped.extended(own).expect("no alias has two owners");
    assert_eq!(both.len(), count + 1);
    let matcher = Matcher::new(&both).expect("compiles");
    let mentions = matcher.find("Russia, Rossiya and Bolivia; Bolivia, North Carolina", "en");
    let ids: Vec<&str> = mentions.iter().map(|mention| both.actors()[mention.actor].id.as_str()).collect();
    assert_eq!(ids, ["RU", "BO"]);
}

#[test]
fn an_extension_may_not_take_an_alias() {
    let own = RUSSIA.replace("\"RU\"", "\"XX\"");
    let own = Catalogue::parse(&own, "own.toml").expect("valid");
    let error = Catalogue::shipped().expect("valid").extended(own).expect_err("Russia is taken");
    assert!(
        error.to_string().starts_with("own.toml:2: names.en of XX: expected an alias of no other actor"),
        "{error}"
    );
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let place = std::env::temp_dir().join(format!("actors-{}.toml", std::process::id()));
    assert!(matches!(Catalogue::open(&place), Err(crate::Error::Io { path, .. }) if path == place));
    std::fs::write(&place, b"# fine\n# \xff\n").expect("a temporary file");
    let error = Catalogue::open(&place).expect_err("not UTF-8").to_string();
    std::fs::remove_file(&place).expect("a temporary file");
    assert_eq!(error, format!("{}:2: expected UTF-8, found other bytes", place.display()));
}
