//! What can be checked of a page without a browser.

use std::collections::HashSet;
use std::error::Error;

/// What must not get into a page.
pub(crate) const ATTACK: &str = "<script>alert(1)</script>";

/// A tag as it stands in the page: name, attributes by name, whether it ends an element.
struct Tag<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
    ends: bool,
}

/// The tags in order. Attributes must be in double quotes.
fn tags(page: &str) -> Result<Vec<Tag<'_>>, String> {
    let mut tags = Vec::new();
    for (at, _) in page.match_indices('<') {
        let rest = &page[at + 1..];
        if rest.starts_with('!') {
            continue;
        }
        let inside = rest.split_once('>').map(|(inside, _)| inside).ok_or_else(|| format!("no end of {rest}"))?;
        let (ends, inside) = inside.strip_prefix('/').map_or((false, inside), |inside| (true, inside));
        let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
        if !name.chars().all(|character| character.is_ascii_alphanumeric()) {
            return Err(format!("a tag called {name:?}"));
        }
        let mut attributes = Vec::new();
        while let Some((attribute, after)) = rest.split_once("=\"") {
            let (value, after) = after.split_once('"').ok_or_else(|| format!("no end of {attribute} in {inside}"))?;
            attributes.push((attribute.trim(), value));
            rest = after;
        }
        if !rest.trim().is_empty() {
            return Err(format!("{rest:?} in {inside}"));
        }
        tags.push(Tag { name, attributes, ends });
    }
    Ok(tags)
}

/// What holds for every page and its short form.
pub(crate) fn check_views(page: &str, markdown: &str) -> Result<(), Box<dyn Error>> {
    check_structure(page)?;
    check_loads(page)?;
    for view in [page, markdown] {
        assert!(!view.contains(ATTACK), "nothing of the input is taken for markup");
        for word in words(view) {
            assert!(!["nan", "inf", "infinity", "null"].contains(&&*word.to_lowercase()), "{word}");
        }
    }
    for table in markdown.split("\n\n").filter(|paragraph| paragraph.starts_with('|')) {
        let bars: Vec<usize> = table.lines().map(|line| line.replace("\\|", "").matches('|').count()).collect();
        assert!(bars.iter().all(|count| *count == bars[0]), "{table}");
    }
    Ok(())
}

/// Tags match, ids are unique and pointed to, headings come in order, tables and drawings say what they are.
fn check_structure(page: &str) -> Result<(), String> {
    let mut open = Vec::new();
    let mut ids = HashSet::new();
    let mut level = 0;
    let tags = tags(page)?;
    for (index, tag) in tags.iter().enumerate() {
        let next = tags.get(index + 1).map_or("", |tag| tag.name);
        match (tag.ends, tag.name) {
            (_, "meta") => continue,
            (true, name) => match open.pop() {
                Some(opened) if opened == name => continue,
                opened => return Err(format!("{opened:?} is ended by {name}")),
            },
            (false, name) => open.push(name),
        }
        let id = tag.attributes.iter().find(|(attribute, _)| *attribute == "id");
        if let Some((_, id)) = id.filter(|(_, id)| !ids.insert(*id)) {
            return Err(format!("two have the id {id}"));
        }
        if let Some(heading) = tag.name.strip_prefix('h').and_then(|level| level.parse::<u32>().ok()) {
            if heading > level + 1 {
                return Err(format!("h{heading} below h{level}"));
            }
            level = heading;
        }
        let scoped = tag.attributes.iter().any(|(attribute, _)| *attribute == "scope");
        match tag.name {
            "table" if next != "caption" => return Err("a table without a caption".into()),
            "svg" if next != "title" => return Err("a drawing without a title".into()),
            "th" if !scoped => return Err("a header of nothing".into()),
            _ => {}
        }
    }
    let cells = page.split("<td").chain(page.split("<th ")).filter_map(|cell| cell.split_once('>'));
    if cells.into_iter().any(|(_, inside)| inside.starts_with("</t")) {
        return Err("an empty cell".into());
    }
    if !open.is_empty() {
        return Err(format!("not ended: {open:?}"));
    }
    for (_, target) in tags.iter().flat_map(|tag| &tag.attributes).filter(|(attribute, _)| *attribute == "href") {
        if !target.strip_prefix('#').is_some_and(|id| ids.contains(id)) {
            return Err(format!("nothing at {target}"));
        }
    }
    Ok(())
}

/// The page runs nothing and fetches nothing.
fn check_loads(page: &str) -> Result<(), String> {
    for tag in tags(page)? {
        if ["script", "link", "iframe", "img", "image", "object", "embed", "base", "use"].contains(&tag.name) {
            return Err(format!("an element {}", tag.name));
        }
        for (attribute, value) in tag.attributes {
            let runs = attribute.starts_with("on") || ["src", "srcset", "xlink:href"].contains(&attribute);
            if runs || (attribute == "style" && value.contains("(")) {
                return Err(format!("{attribute}={value}"));
            }
        }
    }
    let style = page.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).map(|(style, _)| style);
    let style = style.ok_or("no style sheet")?;
    match ["url(", "@import", "@font-face", "http:", "https:"].iter().find(|load| style.contains(**load)) {
        Some(load) => Err(format!("{load} in the style sheet")),
        None => Ok(()),
    }
}

/// The words that a reader sees, without tags and style sheet.
fn words(view: &str) -> impl Iterator<Item = &str> {
    let body = view.split_once("</style>").map_or(view, |(_, body)| body);
    let texts = body.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    texts.flat_map(|text| text.split(|character: char| !character.is_alphanumeric())).filter(|word| !word.is_empty())
}
