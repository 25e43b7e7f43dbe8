//! The engine's int8 product and that of `rten-gemm` in turn, on one thread, in the shapes of the shipped encoder:
//! `cargo run --release --manifest-path scripts/peers/gemm/Cargo.toml --target-dir target -- [ROUNDS]`; 50 rounds where left out. A table
//! on stderr, JSON on stdout.
//!
//! On both sides activations are uint8 already and weights int8 laid out beforehand; whatever either does to read its activations counts. regard's product gives f32: its last step multiplies
//! the sums with a scale a row and a scale a column, and adds what the row's offset and the bias come to. rten-gemm's gives the 32-bit
//! sums; it is timed as it is and with a pass over these that does what regard's last step does.

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use multiversion::multiversion;
use rand::{Rng, SeedableRng, rngs::StdRng};
use regard::workload::Int8;
use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix};
use rten_tensor::{Matrix, NdTensorView};
use serde_json::{Value, json};

const ROWS: usize = 64;
const SHAPES: [(usize, usize); 3] = [(384, 384), (384, 1536), (1536, 384)];
/// Of one side of one round.
const TURN: Duration = Duration::from_millis(20);
const LOCK: &str = include_str!("../Cargo.lock");

fn main() -> Result<()> {
    let rounds: usize = std::env::args().nth(1).map_or(Ok(50), |rounds| rounds.parse()).context("ROUNDS")?;
    ensure!(rounds > 0, "ROUNDS: expected at least 1");
    rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global()?;
    let peer = GemmExecutor::<u8, i8, i32>::new();
    let kernel = peer.kernel_name();
    ensure!(!peer.may_saturate(), "{kernel}: expected exact sums, found a kernel that may saturate: this needs a processor with VNNI");
    eprintln!("regard's time as a share of rten-gemm's ({kernel}): median (least to greatest) of {rounds} rounds");
    eprintln!("{:<18} {:<26} {:<26} {:>13}", "shape", "sums alone", "scaled too", "regard GOP/s");
    let rng = &mut StdRng::seed_from_u64(1);
    let shapes = SHAPES.iter().map(|&(inputs, outputs)| Case::new(rng, &peer, inputs, outputs).run(rounds));
    let told = json!({
        "machine": machine(),
        "commit": commit(),
        "versions": { "regard": version("regard"), "rten-gemm": version("rten-gemm") },
        "rten_kernel": kernel,
        "threads": 1,
        "rounds": rounds,
        "shapes": shapes.collect::<Result<Vec<_>>>()?,
    });
    println!("{told}");
    Ok(())
}

/// One shape, with room for what either side makes of it.
struct Case<'a> {
    inputs: usize,
    outputs: usize,
    /// (ROWS, inputs).
    xs: Vec<u8>,
    /// (outputs, inputs).
    weight: Vec<i8>,
    /// What is made of sums.
    steps: Steps,
    regard: Int8,
    peer: &'a GemmExecutor<u8, i8, i32>,
    packed: PackedBMatrix<i8>,
    /// (ROWS, outputs), like those below.
    found: Vec<f32>,
    sums: Vec<i32>,
    scaled: Vec<f32>,
}

impl<'a> Case<'a> {
    fn new(rng: &mut StdRng, peer: &'a GemmExecutor<u8, i8, i32>, inputs: usize, outputs: usize) -> Self {
        let mut xs: Vec<u8> = (0..ROWS * inputs).map(|_| rng.random()).collect();
        // With these in every row regard's scale is 1 and its offset 0: it takes up the very same bytes.
        xs.chunks_exact_mut(inputs).for_each(|row| row[..2].copy_from_slice(&[0, 255]));
        let weight: Vec<i8> = (0..outputs * inputs).map(|_| rng.random_range(-127..=127)).collect();
        let steps = Steps::new(rng, &weight, inputs, outputs);
        let mut regard = Int8::new(&weight, &steps.scales, &steps.bias, inputs);
        regard.quantize(&xs.iter().map(|&x| f32::from(x)).collect::<Vec<_>>());
        let matrix: Matrix<'_, i8> = NdTensorView::from_data([outputs, inputs], weight.as_slice());
        let packed = peer.prepack_b(matrix.transposed());
        let count = ROWS * outputs;
        let (found, sums, scaled) = (vec![0.0; count], vec![0; count], vec![0.0; count]);
        Self { inputs, outputs, xs, weight, steps, regard, peer, packed, found, sums, scaled }
    }

    /// Check that both compute the same, and time them in turn.
    fn run(mut self, rounds: usize) -> Result<Value> {
        self.check()?;
        let (mut microseconds, mut alone, mut scaled) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let own = time(|| self.own())?;
            alone.push(own / time(|| self.peer())?);
            scaled.push(own / time(|| self.peer_scaled())?);
            microseconds.push(1e6 * own);
        }
        let operations = (2 * ROWS * self.inputs * self.outputs) as f64;
        let [microseconds, alone, scaled] = [microseconds, alone, scaled].map(Spread::of);
        let shape = format!("{ROWS} x {} x {}", self.inputs, self.outputs);
        let speed = operations / microseconds.median / 1e3;
        eprintln!("{shape:<18} {:<26} {:<26} {speed:>13.0}", alone.text(), scaled.text());
        Ok(json!({
            "shape": [ROWS, self.inputs, self.outputs],
            "regard_us": microseconds.json(),
            "regard_to_rten_sums_alone": alone.json(),
            "regard_to_rten_scaled_too": scaled.json(),
        }))
    }

    fn own(&mut self) -> Result<()> {
        black_box(&self.regard).multiply(&mut self.found);
        Ok(())
    }

    fn peer(&mut self) -> Result<()> {
        let xs = NdTensorView::from_data([ROWS, self.inputs], black_box(self.xs.as_slice()));
        let (left, right) = (GemmInputA::Unpacked(xs), GemmInputB::Packed(&self.packed));
        self.peer.gemm(&mut self.sums, left, right, GemmOptions::default())?;
        Ok(())
    }

    fn peer_scaled(&mut self) -> Result<()> {
        self.peer()?;
        self.steps.scale(&self.sums, &mut self.scaled);
        Ok(())
    }

    /// To the bit: rten-gemm's sums against the definition, and regard's results against those sums, scaled.
    fn check(&mut self) -> Result<()> {
        self.own()?;
        self.peer_scaled()?;
        let rows = self.xs.chunks_exact(self.inputs);
        let products = rows.flat_map(|row| self.weight.chunks_exact(self.inputs).map(move |weights| dot(row, weights)));
        ensure!(products.eq(self.sums.iter().copied()), "rten-gemm: expected the sums of the definition");
        ensure!(self.found == self.scaled, "regard: expected what rten-gemm's sums, scaled, come to");
        Ok(())
    }
}

fn dot(row: &[u8], weights: &[i8]) -> i32 {
    row.iter().zip(weights).map(|(&x, &weight)| i32::from(x) * i32::from(weight)).sum()
}

/// From sums to results: with scales of rows and columns, offsets of rows and bias.
struct Steps {
    /// Of rows, all 1: what regard finds.
    row_scales: Vec<f32>,
    /// Of rows, all 0.
    offsets: Vec<f32>,
    scales: Vec<f32>,
    /// Of each column's weights, times its scale.
    weight_sums: Vec<f32>,
    bias: Vec<f32>,
}

impl Steps {
    fn new(rng: &mut StdRng, weight: &[i8], inputs: usize, outputs: usize) -> Self {
        let scales: Vec<f32> = (0..outputs).map(|_| rng.random_range(0.001..0.1)).collect();
        let bias = (0..outputs).map(|_| rng.random_range(-1.0..1.0)).collect();
        let sum = |weights: &[i8]| weights.iter().map(|&weight| i32::from(weight)).sum::<i32>() as f32;
        let weight_sums = weight.chunks_exact(inputs).zip(&scales).map(|(weights, scale)| sum(weights) * scale);
        let weight_sums = weight_sums.collect();
        Self { row_scales: vec![1.0; ROWS], offsets: vec![0.0; ROWS], scales, weight_sums, bias }
    }

    fn scale(&self, sums: &[i32], out: &mut [f32]) {
        let width = self.bias.len();
        let rows = sums.chunks_exact(width).zip(out.chunks_exact_mut(width));
        for ((sums, out), (&scale, &offset)) in rows.zip(self.row_scales.iter().zip(&self.offsets)) {
            scale_row(self, sums, out, black_box(scale), black_box(offset));
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq+fma", "x86_64+avx2+fma"))]
fn scale_row(steps: &Steps, sums: &[i32], out: &mut [f32], scale: f32, offset: f32) {
    let columns = steps.scales.iter().zip(&steps.weight_sums).zip(&steps.bias);
    for ((out, &sum), ((&column, &weights), &bias)) in out.iter_mut().zip(sums).zip(columns) {
        *out = (sum as f32).mul_add(scale * column, offset.mul_add(weights, bias));
    }
}

/// Seconds of one call, over calls that fill a turn.
fn time(mut call: impl FnMut() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    let mut calls = 0u32;
    while start.elapsed() < TURN {
        for _ in 0..16 {
            call()?;
        }
        calls += 16;
    }
    Ok(start.elapsed().as_secs_f64() / f64::from(calls))
}

/// Of the rounds.
struct Spread {
    median: f64,
    least: f64,
    greatest: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self { median: values[values.len() / 2], least: values[0], greatest: values[values.len() - 1] }
    }

    fn text(&self) -> String {
        format!("{:.3} ({:.3} to {:.3})", self.median, self.least, self.greatest)
    }

    fn json(&self) -> Value {
        let [median, least, greatest] =
            [self.median, self.least, self.greatest].map(|value| (value * 1e4).round() / 1e4);
        json!({ "median": median, "least": least, "greatest": greatest })
    }
}

fn machine() -> Value {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let cpu = model.map_or(std::env::consts::ARCH, |(_, name)| name.trim());
    json!({ "cpu": cpu, "cores": std::thread::available_parallelism().map_or(0, usize::from) })
}

/// With a plus, where something has changed since.
fn commit() -> String {
    let git = |arguments: &[&str]| -> Option<String> {
        let done = Command::new("git").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().ok()?;
        done.status.success().then(|| String::from_utf8_lossy(&done.stdout).trim().to_owned())
    };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changes| !changes.is_empty());
    let commit = git(&["rev-parse", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    if changed { commit + "+" } else { commit }
}

/// Of a package, as this program's lock file has it.
fn version(package: &str) -> Option<&'static str> {
    let (_, entry) = LOCK.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    entry.split('"').next()
}
