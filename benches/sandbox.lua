-- How many creates a second the rehearsal server takes, with wrk (https://github.com/wg/wrk) as the load generator:
--
--   bw8 sandbox --seed 1 --assume users.create
--   wrk -t1 -c8 -d10 -s benches/sandbox.lua http://127.0.0.1:8808
--
-- Every request creates another contact, with tags, a company, a custom field and a Requestid of its own. Look at
-- /sandbox/state.json afterwards: all of them must have been answered 200 and stored.

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(_)
  count = 0
  first = 14000000000 + number * 100000000
end

function request()
  count = count + 1
  local mobile = string.format("%d", first + count)
  local headers = {
    ["Content-Type"] = "application/json",
    -- demo@example.com:sandbox
    ["Authorization"] = "Basic ZGVtb0BleGFtcGxlLmNvbTpzYW5kYm94",
    ["Requestid"] = mobile,
  }
  local body = '{"user":{"name":"示例 张三","mobile":"' .. mobile .. '","email":"example@example.com",'
    .. '"companyId":"20001","tableName":"vip","custom_fields":[{"key":"field_1","value":"金"}]}}'
  return wrk.format("POST", "/api/v1/users.json", headers, body)
end
