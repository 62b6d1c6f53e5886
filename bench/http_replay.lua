-- For wrk: replays the requests of a file that http_bench.py has written, from somewhere in it, round and round.
-- A request there is its length, a newline, and its bytes. Prints one line of results.
local requests, position = {}, 0

function init(arguments)
    local file = assert(io.open(arguments[1], "rb"))
    while true do
        local length = file:read("*l")
        if length == nil then break end
        requests[#requests + 1] = file:read(tonumber(length))
    end
    file:close()
    math.randomseed(os.time())
    position = math.random(#requests)
end

function request()
    position = position % #requests + 1
    return requests[position]
end

function done(summary, latency)
    local errors = summary.errors
    local lost = errors.connect + errors.read + errors.write + errors.timeout
    io.write(string.format("result %d %d %d %d %d %d\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99), errors.status + lost, lost))
end
