-- What wrk sends and what it tells. Without arguments: the same request again and again, which wrk makes once.
-- With two: one request after another from a list made before the start. The first names a file of credentials, one
-- a line; the second a file of line numbers, which says in which order. A third is a pause before each request of a
-- connection, in milliseconds.

function init(args)
  if #args < 2 then return end
  local requests, order, position = {}, {}, 0
  for line in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format('GET', nil, { Host = wrk.headers['Host'], Authorization = 'Bearer ' .. line })
  end
  for line in io.lines(args[2]) do order[#order + 1] = requests[tonumber(line)] end

  function request()
    position = position % #order + 1
    return order[position]
  end

  local pause = tonumber(args[3] or '0')
  if pause > 0 then
    function delay() return pause end
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"refused":%d,"broken":%d,"p50":%.4f,"p99":%.4f,"p999":%.4f}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency:percentile(99.9) / 1000))
end
