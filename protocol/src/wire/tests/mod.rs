mod assembly;
mod golden;
mod hostile;
mod model;
mod polling;
mod round_trip;
