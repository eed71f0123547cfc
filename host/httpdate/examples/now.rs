//! Prints the time as HTTP has it.

fn main() {
    println!("{}", httpdate::fmt_http_date(std::time::SystemTime::now()));
}
