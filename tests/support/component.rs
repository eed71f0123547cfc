//! Components of the tests' own, in the text format of WebAssembly.

/// A component that is fit to serve and handles every request by this body of a
/// core function, such as `unreachable`.
pub fn component(handle: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
  (import "wasi:http/types@0.2.3" (instance $http
    (export "incoming-request" (type (sub resource)))
    (export "response-outparam" (type (sub resource)))))
  (alias export $http "incoming-request" (type $request))
  (alias export $http "response-outparam" (type $out))

  (core module $code
    (memory (export "memory") 1)
    (func (export "handle") (param i32 i32) {handle})
    ;; Points at zeros, which mean: fit, nothing to say.
    (func (export "check") (result i32) i32.const 16))
  (core instance $code (instantiate $code))

  (func $handle (param "request" (own $request)) (param "response-out" (own $out))
    (canon lift (core func $code "handle")))
  (instance $handler (export "handle" (func $handle)))
  (export "wasi:http/incoming-handler@0.2.3" (instance $handler))

  (type $found (record (field "notices" (list string))
    (field "cors-origins" (list string)) (field "iam-origins" (list string))))
  (func $check (result (result $found (error string)))
    (canon lift (core func $code "check") (memory (core memory $code "memory"))))
  ;; Gives the record the name that an exported function's types need.
  (component $naming
    (type $record (record (field "notices" (list string))
    (field "cors-origins" (list string)) (field "iam-origins" (list string))))
    (import "record" (type $found (eq $record)))
    (import "check" (func $check (result (result $found (error string)))))
    (export $report "report" (type $found))
    (export "check" (func $check) (func (result (result $report (error string))))))
  (instance $self-check (instantiate $naming
    (with "record" (type $found)) (with "check" (func $check))))
  (export "coffer:storage/self-check@0.1.0" (instance $self-check)))"#
    );
    wat::parse_str(text).unwrap()
}
