-- For wrk: PutItem of random items over others; its argument is the table. Prints one line of results, as http_replay.lua does.
local name

function init(arguments)
    name = arguments[1]
    math.randomseed(os.time())
end

function request()
    local p, s = math.random(0, 9999), math.random(0, 9)
    local body = string.format('{"TableName":"%s","Item":{"pk":{"S":"user#%d"},"sk":{"N":"%d"},"name":{"S":"Customer number %d"},' ..
        '"email":{"S":"customer%d@example.com"},"city":{"S":"Springfield"},"age":{"N":"%d"},"score":{"N":"12.125"},"active":{"BOOL":true},' ..
        '"tags":{"L":[{"S":"red"},{"S":"green"},{"S":"blue"}]},"address":{"M":{"street":{"S":"Main Street %d"},"zip":{"S":"12345"}}},' ..
        '"note":{"S":"Nothing of note so far."}}}', name, p, s, p, p, math.random(1, 1000000000), s)
    return wrk.format("POST", "/", {["Content-Type"] = "application/x-amz-json-1.0", ["X-Amz-Target"] = "DynamoDB_20120810.PutItem"}, body)
end

function done(summary, latency)
    local errors = summary.errors
    local lost = errors.connect + errors.read + errors.write + errors.timeout
    io.write(string.format("result %d %d %d %d %d %d\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99), errors.status + lost, lost))
end
