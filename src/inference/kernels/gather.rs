//! Rows of a table.

use candle_core::{Result, Tensor};

/// The rows `indices` (N) of `table` (V, H): (N, H).
pub(crate) fn gathered(table: &Tensor, indices: &Tensor) -> Result<Tensor> {
    if table.device().is_cpu() || !table.track_op() { table.index_select(indices, 0) } else { one_hot(table, indices) }
}

/// The same as a product with a matrix of ones and zeros: its gradient is one too, where candle's own is an addition in which a GPU
/// takes all indices one after the other. For small tables.
pub(super) fn one_hot(table: &Tensor, indices: &Tensor) -> Result<Tensor> {
    let rows = Tensor::arange(0, table.dim(0)? as u32, table.device())?;
    let chosen = indices.unsqueeze(1)?.broadcast_eq(&rows.unsqueeze(0)?)?;
    chosen.to_dtype(table.dtype())?.matmul(table)
}
