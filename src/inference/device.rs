//! Where the weights live. The only file that knows of GPUs.

use candle_core::Device;

use crate::{Error, Result};

/// The device that a name asks for: `cpu`, `cuda`, `cuda:N`, or `auto` (a GPU where this build and machine have one, else the CPU).
///
/// # Errors
/// Where the name is none of these, or the GPU asked for is not there.
pub fn device(name: &str) -> Result<Device> {
    match name {
        "cpu" => Ok(Device::Cpu),
        // candle's own `cuda_if_available` fails on a CUDA build without a GPU, so try and fall back.
        "auto" => Ok(cuda(0).unwrap_or(Device::Cpu)),
        "cuda" => cuda(0),
        _ => match name.strip_prefix("cuda:").map(str::parse) {
            Some(Ok(ordinal)) => cuda(ordinal),
            _ => Err(Error::Device(format!("expected auto, cpu or cuda:N, found {name:?}"))),
        },
    }
}

#[cfg(feature = "cuda")]
fn cuda(ordinal: usize) -> Result<Device> {
    Device::new_cuda(ordinal).map_err(|error| {
        // Without the stack that led there, which says nothing to whoever lacks a driver.
        let reason = match error {
            candle_core::Error::WithBacktrace { inner, .. } => *inner,
            error => error,
        };
        Error::Device(format!("cuda:{ordinal} cannot be used: {reason}"))
    })
}

#[cfg(not(feature = "cuda"))]
fn cuda(ordinal: usize) -> Result<Device> {
    Err(Error::Device(format!("cuda:{ordinal} was asked for, but this binary is built without the feature `cuda`")))
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_that_are_no_device_are_refused() {
        assert!(super::device("cpu").is_ok_and(|device| device.is_cpu()));
        assert!(super::device("auto").is_ok());
        for name in ["", "gpu", "cuda:", "cuda:x", "cpu:0"] {
            assert!(super::device(name).is_err(), "{name}");
        }
    }
}
