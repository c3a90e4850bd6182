//! Scripted sessions under virtual time, each against a server that says exactly what the test says.

mod catch_up;
mod changing;
mod chaos;
mod connecting;
mod fleeting;
mod harness;
mod hostile;
mod people;
mod reacting;
mod replying;
mod requests;
mod sending;
mod trace;
mod unread;
