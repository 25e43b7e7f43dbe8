//! x
#![allow(missing_docs, clippy::print_stderr)]
fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_default();
    let config = regard_training::Config::open(path.as_ref())?;
    let base = regard::checkpoint::Checkpoint::open(config.base.as_ref(), &candle_core::Device::Cpu)?;
    let outcome = regard_training::train(&config, base, |event| match event {
        regard_training::Event::Step { step, loss, tokens_per_second } => {
            if step % 10 == 0 { eprintln!("{step} {loss:.4} {tokens_per_second:.0}"); }
        }
        event => eprintln!("{event:?}"),
    })?;
    eprintln!("{outcome:?}");
    Ok(())
}
