// What a component needs from `jco serve` to store files; pass it with --jco-import.
import { _addPreopen } from "@bytecodealliance/preview2-shim/filesystem";
import { types } from "@bytecodealliance/preview2-shim/http";

// One directory, as /data.
const directory = process.env.COFFER_JCO_DATA;
if (directory) _addPreopen("/data", directory);

// jco 1.35 fails on a response whose body was never requested (HEAD, 204, 304).
const { OutgoingBody, OutgoingResponse, ResponseOutparam } = types;
const asked = new WeakSet();
const { body } = OutgoingResponse.prototype;
const { set } = ResponseOutparam;
OutgoingResponse.prototype.body = function () {
  asked.add(this);
  return body.call(this);
};
ResponseOutparam.set = (param, result) => {
  const missing = result.tag === "ok" && !asked.has(result.val);
  const empty = missing ? result.val.body() : undefined;
  set(param, result);
  if (!empty) return;
  try {
    OutgoingBody.finish(empty);
  } catch {
    // The Content-Length of a response to HEAD is not that of its body.
  }
};
