//! The figures that say how good answers are, by name: one number each, with an interval.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// A number that sums up many answers; `eval/README.md` defines each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Mean F1 of the three classes.
    MacroF1,
    /// Mean F1 of the first and the last class.
    F1Pn,
    /// Share of right answers.
    Accuracy,
    /// Mean recall of the classes in gold.
    BalancedAccuracy,
    /// Matthews correlation coefficient.
    Mcc,
    /// Cohen's kappa.
    Kappa,
    /// Cohen's kappa with quadratic weights: against for favor is four times as wrong as neutral for favor.
    Qwk,
    /// Mean area under the ROC curve, one class against the others.
    Auroc,
    /// Mean average precision, one class against the others.
    Auprc,
    /// Mean negative log likelihood of gold, in nats.
    Nll,
    /// Mean Brier score, the sum over classes.
    Brier,
    /// Expected calibration error, 15 bins of equal width.
    Ece,
    /// Expected calibration error, 15 bins of equal mass.
    EceMass,
}

/// How many figures there are.
pub(crate) const COUNT: usize = Figure::ALL.len();

impl Figure {
    /// All of them, in the order in which they are reported.
    pub const ALL: [Self; 13] = [
        Self::MacroF1,
        Self::F1Pn,
        Self::Accuracy,
        Self::BalancedAccuracy,
        Self::Mcc,
        Self::Kappa,
        Self::Qwk,
        Self::Auroc,
        Self::Auprc,
        Self::Nll,
        Self::Brier,
        Self::Ece,
        Self::EceMass,
    ];

    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::MacroF1 => "macro_f1",
            Self::F1Pn => "f1_pn",
            Self::Accuracy => "accuracy",
            Self::BalancedAccuracy => "balanced_accuracy",
            Self::Mcc => "mcc",
            Self::Kappa => "kappa",
            Self::Qwk => "qwk",
            Self::Auroc => "auroc",
            Self::Auprc => "auprc",
            Self::Nll => "nll",
            Self::Brier => "brier",
            Self::Ece => "ece",
            Self::EceMass => "ece_mass",
        }
    }

    /// Whether more of it is better.
    pub fn rises(self) -> bool {
        !matches!(self, Self::Nll | Self::Brier | Self::Ece | Self::EceMass)
    }

    /// Whether it takes probabilities, not labels alone.
    pub fn needs_scores(self) -> bool {
        self as usize >= Self::Auroc as usize
    }
}

/// One value a figure, in the order of [`Figure::ALL`]; NaN inside, `None` outside where a figure is not defined.
#[derive(Debug, Clone, Copy)]
pub struct Values(pub(crate) [f64; COUNT]);

impl Values {
    /// The value, where it is defined.
    pub fn value(&self, figure: Figure) -> Option<f64> {
        Some(self.0[figure as usize]).filter(|value| value.is_finite())
    }
}

/// Where 95 % of the draws lie, a figure; `None` where too few say.
pub type Intervals = [Option<[f64; 2]>; COUNT];

/// Values with their intervals, as `name` and `name_interval`.
#[derive(Debug, Clone)]
pub struct Figures {
    /// What was measured.
    pub values: Values,
    /// How sure that is.
    pub intervals: Intervals,
}

impl Figures {
    /// The value, where it is defined.
    pub fn value(&self, figure: Figure) -> Option<f64> {
        self.values.value(figure)
    }

    /// Low and high end of the 95 % interval.
    pub fn interval(&self, figure: Figure) -> Option<[f64; 2]> {
        self.intervals[figure as usize]
    }
}

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2 * COUNT))?;
        for figure in Figure::ALL {
            map.serialize_entry(figure.name(), &self.value(figure))?;
            map.serialize_entry(&format!("{}_interval", figure.name()), &self.interval(figure))?;
        }
        map.end()
    }
}
