//! As many points as can be seen.

/// Points that a line has at most: about one to each unit of the drawing.
const MOST: usize = 600;

/// `points` without those that cannot be seen: of neighbours that share a place, the lowest and the highest.
pub(super) fn thinned(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let height = |a: &&[f64; 2], b: &&[f64; 2]| a[1].total_cmp(&b[1]);
    let ends = |chunk: &[[f64; 2]]| {
        let mut ends: Vec<_> =
            [chunk.iter().min_by(height), chunk.iter().max_by(height)].into_iter().flatten().collect();
        ends.sort_by(|a, b| a[0].total_cmp(&b[0]));
        ends.dedup();
        ends.into_iter().copied().collect::<Vec<_>>()
    };
    points.chunks(points.len().div_ceil(MOST).max(1)).flat_map(ends).collect()
}

/// The mean of each point and its neighbours, about a twentieth of all. Unlike a mean that decays, it does not lag behind.
pub(super) fn smoothed(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let places: Vec<[f64; 2]> = points.chunks(points.len().div_ceil(MOST).max(1)).map(mean).collect();
    let reach = (places.len() / 40).max(1);
    let around = |index: usize| &places[index.saturating_sub(reach)..(index + reach + 1).min(places.len())];
    places.iter().enumerate().map(|(index, place)| [place[0], mean(around(index))[1]]).collect()
}

fn mean(points: &[[f64; 2]]) -> [f64; 2] {
    [0, 1].map(|axis| points.iter().map(|point| point[axis]).sum::<f64>() / points.len().max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_points_are_all_drawn() {
        let points = [[1.0, 3.0], [2.0, 1.0], [3.0, 2.0]];
        assert_eq!(thinned(&points), points);
        assert_eq!(smoothed(&points), [[1.0, 2.0], [2.0, 2.0], [3.0, 1.5]]);
        assert!(thinned(&[]).is_empty() && smoothed(&[]).is_empty());
    }

    #[test]
    fn of_many_points_the_extremes_are_drawn() {
        let mut points: Vec<[f64; 2]> = (0..100_000).map(|step| [f64::from(step), 1.0]).collect();
        points[77_777][1] = 9.0;
        let drawn = thinned(&points);
        assert!(drawn.len() <= 2 * MOST && drawn.contains(&points[77_777]));
        assert!(drawn.is_sorted_by(|a, b| a[0] < b[0]));
        assert!(smoothed(&points).len() <= MOST);
    }
}
