import { get } from 'node:http'

const { NOMINATIM_URL, PHOTON_URL } = process.env

/** `callback(error, answer)`; an error has the status. */
function ask(url, place, callback) {
  get(`${url}/reverse/${place}`, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (part) => (text += part))
    response.on('end', () => {
      const { statusCode, headers } = response
      if (statusCode !== 200) return callback(Object.assign(new Error(`answered ${statusCode}`), { statusCode }))
      callback(null, { ...JSON.parse(text), used: headers['x-quota-used'], limit: headers['x-quota-limit'] })
    })
  }).on('error', callback)
}

export function nominatim(place, callback) {
  ask(NOMINATIM_URL, place, callback)
}

export function photon(place, callback) {
  ask(PHOTON_URL, place, callback)
}
