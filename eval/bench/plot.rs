//! A sweep as a picture: tokens a second over the length of the sequences, one line a size of batch, in one SVG that needs nothing else.

use std::fmt::Write;

use super::report::Report;

/// Colours by class, light and dark; fonts of the system.
const STYLE: &str = include_str!("plot.css");

/// Lengths of the drawing, in its own unit.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = WIDTH - 150.0;
const TOP: f64 = 96.0;
const FLOOR: f64 = HEIGHT - 64.0;

/// Colours that the style sheet has.
const COLOURS: usize = 6;

/// The picture of `reports`, one point each with the spread of its rounds.
pub fn svg(reports: &[Report]) -> String {
    let lengths = sorted(reports.iter().map(|report| report.work.longest));
    let batches = sorted(reports.iter().map(|report| report.settings.batch_tokens));
    let ends = reports.iter().map(|report| range(report)[1]).filter(|end| end.is_finite());
    let step = round_step(ends.fold(1.0, f64::max) / 5.0);
    let ceiling = step * (reports.iter().map(|report| range(report)[1] / step).fold(1.0, f64::max)).ceil();
    // Lengths stand apart evenly, as they are mostly chosen by doubling.
    let x = |length: usize| {
        let place = lengths.iter().position(|known| *known == length).unwrap_or(0) as f64;
        LEFT + (RIGHT - LEFT) * (place + 0.5) / lengths.len().max(1) as f64
    };
    let y = |tokens: f64| FLOOR - (FLOOR - TOP) * (tokens / ceiling).clamp(0.0, 1.0);

    let summary = reports.first().map(about).unwrap_or_default();
    let summary = escaped(&summary);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\
         <title>Tokens a second</title><desc>{summary}</desc><style>{STYLE}</style>\
         <rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n\
         <text class=\"heading\" x=\"24\" y=\"34\">Tokens a second</text><text x=\"24\" y=\"54\">{summary}</text>\n"
    );
    // Writing into a string does not fail.
    let mut add = |markup: std::fmt::Arguments<'_>| {
        let _ = svg.write_fmt(markup);
    };
    for tick in 0..=(ceiling / step).round() as usize {
        let (at, label) = (y(tick as f64 * step), label(tick as f64 * step));
        add(format_args!("<path class=\"grid\" d=\"M{LEFT} {at:.1}H{RIGHT}\"/>"));
        add(format_args!("<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>\n", LEFT - 10.0, at + 4.0));
    }
    for &length in &lengths {
        add(format_args!("<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{length}</text>", x(length), FLOOR + 20.0));
    }
    let middle = f64::midpoint(LEFT, RIGHT);
    add(format_args!(
        "<text class=\"axis\" x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">tokens of the longest sequence</text>\n",
        FLOOR + 44.0
    ));
    for (index, &batch) in batches.iter().enumerate() {
        let colour = index % COLOURS;
        let mut points: Vec<&Report> = reports.iter().filter(|report| report.settings.batch_tokens == batch).collect();
        points.sort_by_key(|report| report.work.longest);
        for (place, report) in points.iter().enumerate() {
            let step = if place == 0 { format!("<path class=\"line c{colour}\" d=\"M") } else { "L".to_owned() };
            add(format_args!("{step}{:.1} {:.1}", x(report.work.longest), y(report.figures.tokens_per_s)));
        }
        add(format_args!("\"/>\n"));
        for report in points {
            let (at, tokens, [low, high]) = (x(report.work.longest), report.figures.tokens_per_s, range(report));
            let title = format!(
                "batches of {batch}, length {}: {} ({} to {})",
                report.work.longest,
                label(tokens),
                label(low),
                label(high)
            );
            add(format_args!("<path class=\"line c{colour}\" d=\"M{at:.1} {:.1}V{:.1}\"/>", y(low), y(high)));
            add(format_args!(
                "<circle class=\"c{colour}\" cx=\"{at:.1}\" cy=\"{:.1}\" r=\"4\"><title>{title}</title></circle>\n",
                y(tokens)
            ));
        }
        let at = TOP + 20.0 * index as f64;
        let x = RIGHT + 24.0;
        add(format_args!("<circle class=\"c{colour}\" cx=\"{x}\" cy=\"{at}\" r=\"4\"/>"));
        add(format_args!("<text x=\"{}\" y=\"{}\">batches of {}</text>\n", x + 12.0, at + 4.0, label(batch as f64)));
    }
    svg + "</svg>\n"
}

fn about(report: &Report) -> String {
    let Report { model, settings, machine, .. } = report;
    let cpu = machine.cpu.as_deref().unwrap_or(&machine.arch);
    format!("{} layers of {}, {}, {} threads, {cpu}", model.layers, model.hidden, settings.dtype, settings.threads)
}

/// The least and the most tokens a second of its rounds.
fn range(report: &Report) -> [f64; 2] {
    let tokens = || report.rounds.iter().map(|round| round.tokens_per_s);
    let median = report.figures.tokens_per_s;
    [tokens().fold(median, f64::min), tokens().fold(median, f64::max)]
}

fn sorted(values: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut values: Vec<usize> = values.collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `least`.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0].map(|factor| factor * power).into_iter().find(|step| *step >= least).unwrap_or(10.0 * power)
}

/// A number for readers: its thousands apart.
fn label(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut label = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            label.push('\u{202f}');
        }
        label.push(digit);
    }
    label
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
