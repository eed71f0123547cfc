//! What a test component has besides, if it reports decisions and judges them itself.

/// Imports of the interfaces that are about decisions.
pub(super) const IMPORTS: &str = r#"
  (import "coffer:storage/decisions@0.2.0" (instance $decisions
    (type $area' (enum "public" "user" "org"))
    (export "area" (type $area (eq $area')))
    (type $action' (enum "read" "list" "create" "replace" "delete"))
    (export "action" (type $action (eq $action')))
    (type $question' (record (field "action" $action) (field "area" $area)
      (field "name" string)))
    (export "question" (type (eq $question')))
    (type $outcome' (enum "denied" "own-files" "allowed"))
    (export "outcome" (type $outcome (eq $outcome')))
    (type $verdict' (record (field "outcome" $outcome) (field "rule" string)
      (field "reason" (option string))))
    (export "verdict" (type (eq $verdict')))))
  (alias export $decisions "area" (type $area))
  (alias export $decisions "action" (type $action))
  (alias export $decisions "outcome" (type $outcome))
  (alias export $decisions "question" (type $question))
  (alias export $decisions "verdict" (type $verdict))
  (import "coffer:storage/telemetry@0.2.0" (instance $telemetry
    (alias outer $guest $area (type $outer-area))
    (export "area" (type $area (eq $outer-area)))
    (alias outer $guest $question (type $outer-question))
    (export "question" (type $question (eq $outer-question)))
    (alias outer $guest $verdict (type $outer-verdict))
    (export "verdict" (type $verdict (eq $outer-verdict)))
    (type $operation' (enum "download" "head" "upload" "form" "delete" "list" "make-url"
      "make-urls" "copy" "move" "delete-many" "info" "amend" "begin-upload" "append"
      "look-at-upload" "discard-upload" "follow-link" "openapi" "options"))
    (export "operation" (type $operation (eq $operation')))
    (export "request" (func (param "operation" $operation) (param "area" (option $area))
      (result bool)))
    (export "decided" (func (param "question" $question) (param "verdict" $verdict)))))
"#;

/// As those of every test component.
pub(super) const FUNCTIONS: [(&str, &str, &str); 2] = [
    ("telemetry", "request", "(param i32 i32 i32) (result i32)"),
    (
        "telemetry",
        "decided",
        "(param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)",
    ),
];

/// The functions of the core code; `{judge}` is the body of the first one.
pub(super) const CODE: &str = r#"
    ;; Reports a download, and whether its decisions are wanted.
    (func $report-request (result i32)
      (call $request (i32.const 0) (i32.const 1) (i32.const 0)))
    ;; Reports that it is allowed, by the rule "some bytes", to the file of that name.
    (func $report-decision
      (call $decided (i32.const 0) (i32.const 0) (i32.const 1200) (i32.const 10) (i32.const 2)
        (i32.const 1200) (i32.const 10) (i32.const 0) (i32.const 0) (i32.const 0)))
    ;; Denies this many questions, all in the area.
    (func $deny (param $count i32) (result i32)
      (i32.store8 (i32.const 8192) (i32.const 0))
      (i32.store (i32.const 8196) (i32.const 16384))
      (i32.store (i32.const 8200) (local.get $count))
      (i32.const 8192))
    (func (export "by-token") (param $has i32) (param $at i32) (param $length i32)
        (param $questions i32) (param $count i32) (result i32)
      {judge})
    (func (export "by-claims") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
        (result i32)
      unreachable)
"#;

/// The export.
pub(super) const EXPORTS: &str = r#"
  (func $by-token (param "authorization" (option (list u8))) (param "questions" (list $question))
    (result (result (list $verdict) (error string)))
    (canon lift (core func $code "by-token") (memory (core memory $heap "memory"))
      (realloc (core func $heap "realloc"))))
  (type $subject (record (field "user" (option string)) (field "org" (option string))
    (field "roles" (list string)) (field "claims" string)))
  (func $by-claims (param "subject" (option $subject)) (param "question" $question)
    (result (result $verdict (error string)))
    (canon lift (core func $code "by-claims") (memory (core memory $heap "memory"))
      (realloc (core func $heap "realloc"))))
  (component $naming-judge
    (type $areas (enum "public" "user" "org"))
    (import "area" (type $area (eq $areas)))
    (type $actions (enum "read" "list" "create" "replace" "delete"))
    (import "action" (type $action (eq $actions)))
    (type $asked (record (field "action" $action) (field "area" $area) (field "name" string)))
    (import "asked" (type $question (eq $asked)))
    (type $outcomes (enum "denied" "own-files" "allowed"))
    (import "outcome" (type $outcome (eq $outcomes)))
    (type $said (record (field "outcome" $outcome) (field "rule" string)
      (field "reason" (option string))))
    (import "said" (type $verdict (eq $said)))
    (type $given (record (field "user" (option string)) (field "org" (option string))
      (field "roles" (list string)) (field "claims" string)))
    (import "given" (type $subject (eq $given)))
    (import "by-token" (func $by-token (param "authorization" (option (list u8)))
      (param "questions" (list $question)) (result (result (list $verdict) (error string)))))
    (import "by-claims" (func $by-claims (param "subject" (option $subject)) (param "question" $question)
      (result (result $verdict (error string)))))
    (export $named "subject" (type $subject))
    (export "by-token" (func $by-token))
    (export "by-claims" (func $by-claims) (func (param "subject" (option $named))
      (param "question" $question) (result (result $verdict (error string))))))
  (instance $judge (instantiate $naming-judge
    (with "area" (type $area)) (with "action" (type $action)) (with "outcome" (type $outcome))
    (with "asked" (type $question)) (with "said" (type $verdict)) (with "given" (type $subject))
    (with "by-token" (func $by-token)) (with "by-claims" (func $by-claims))))
  (export "coffer:storage/judge@0.2.0" (instance $judge))
"#;
