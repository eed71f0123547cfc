//! Prints the current time as an HTTP date.

fn main() {
    println!("{}", httpdate::fmt_http_date(std::time::SystemTime::now()));
}
