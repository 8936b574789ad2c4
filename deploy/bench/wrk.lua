-- For deploy/bench: "wrk -s wrk.lua URL -- PATHS" asks for the paths of a file one after the other, else for the URL.
-- At the end one line: report ANSWERS MICROSECONDS BYTES BAD
function init(args)
  if not args[1] then return end -- wrk then sends one constant request, which costs it the least
  local requests, at = {}, 0
  for path in io.lines(args[1]) do requests[#requests + 1] = wrk.format("GET", path) end
  request = function()
    at = at % #requests + 1
    return requests[at]
  end
end

function done(summary, latency, all)
  local e = summary.errors
  io.write(string.format("report %d %d %d %d\n", summary.requests, summary.duration, summary.bytes,
    e.connect + e.read + e.write + e.timeout + e.status))
end
