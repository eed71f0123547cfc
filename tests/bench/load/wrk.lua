-- Sends what the arguments say and writes a machine-readable summary.
--
--   GET | PUT FOLDER BYTES     to one target, or to fresh names in a folder

local threads = 0

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

function init(args)
   wrk.method = args[1]
   if wrk.method == "PUT" then
      local folder, body = args[2], string.rep("x", tonumber(args[3]))
      local sent = 0
      request = function()
         sent = sent + 1
         return wrk.format(nil, string.format("%s/%d-%09d", folder, number, sent), nil, body)
      end
   end
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '\n{"requests":%d,"microseconds":%d,"bytes":%d,"p99_microseconds":%d,' ..
         '"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\n',
      summary.requests, summary.duration, summary.bytes, latency:percentile(99),
      errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
