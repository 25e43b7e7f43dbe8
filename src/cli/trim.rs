//! placeholder
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}
pub(crate) fn run(_: &Arguments) -> crate::Outcome {
    Ok(crate::exit::Status::Done)
}
