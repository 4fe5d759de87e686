/** Parts of a window, as for the windows of one node (`core/sliding-window.ts`). */
const SLOTS = 20;

/**
 * Takes points from a window that slides, in place of the counter of rate-limiter-flexible: a hash of the points taken in
 * each twentieth of the window, by Redis's own clock. The library hands it the key, the points, the seconds of the window
 * and its limit, and awaits the points in use with these, and the milliseconds until they fit. Which points count
 * it is told by the end of the key, since the library has one script for a connection.
 */
export const SLIDING_WINDOW_SCRIPT = `
local taken, length, most = tonumber(ARGV[1]), tonumber(ARGV[2]) * 1000, tonumber(ARGV[3])
local time = redis.call('time')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local slot = length / ${SLOTS}
local current = math.floor(now / slot)
local slots, used = {}, 0
local stored = redis.call('hgetall', KEYS[1])
for at = 1, #stored, 2 do
  local index = tonumber(stored[at])
  if index < current - ${SLOTS} then
    redis.call('hdel', KEYS[1], stored[at])
  else
    slots[index] = tonumber(stored[at + 1])
    used = used + slots[index]
  end
end
local wanted = used + taken
if wanted <= most or string.sub(KEYS[1], -4) == ':all' then
  slots[current] = (slots[current] or 0) + taken
  redis.call('hincrby', KEYS[1], string.format('%.0f', current), ARGV[1])
  redis.call('pexpire', KEYS[1], math.ceil(slot * ${SLOTS + 1}))
end
local missing, freed, wait = math.max(wanted - most, 1), 0, slot * ${SLOTS + 1}
for index = current - ${SLOTS}, current do
  freed = freed + (slots[index] or 0)
  if freed >= missing then
    wait = (index + ${SLOTS + 1}) * slot - now
    break
  end
end
return { wanted, math.ceil(wait) }
`;
