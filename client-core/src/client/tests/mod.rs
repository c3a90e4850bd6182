//! Scripted sessions under virtual time, each against a server that says exactly what the test says.

mod alive;
mod catch_up;
mod changing;
mod chaos;
mod connecting;
mod draining;
mod fleeting;
mod harness;
mod history;
mod hostile;
mod people;
mod reacting;
mod replying;
mod requests;
mod sending;
mod tokens;
mod trace;
mod transports;
mod unread;
mod weather;
mod windows;
