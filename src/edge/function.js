var SETTINGS = {};

// treebeard-cdn: the viewer-request function of the default behavior (cloudfront-js-2.0). It hides our own keys, routes,
// and picks the stored representation that the viewer accepts. The first statement is replaced on compilation.

// What no file of a site can be called, and our own prefix: a dot segment may be resolved behind us.
var UNSERVABLE = /\/\.\.?(\/|$)|^\/+_tb(\/|$)/;

function handler(event) {
    var request = event.request;
    var path;
    try {
        path = decodeURIComponent(request.uri);
    } catch (malformed) {
        return respond(400, 'Bad Request');
    }
    if (UNSERVABLE.test(path)) {
        return respond(404, 'Not Found');
    }

    if (request.method === 'OPTIONS' && SETTINGS.cors) {
        var answer = preflight(request.headers, SETTINGS.cors);
        if (answer) {
            return answer;
        }
    }

    // S3 reads a plus in a path as a space.
    var uri = request.uri.replace(/\+/g, '%2B');
    var name = path.slice(path.lastIndexOf('/') + 1);
    var dot = name.lastIndexOf('.');
    if (dot < 0 && path.indexOf('/.well-known/') !== 0) {
        if (SETTINGS.spa) {
            uri = '/index.html';
            dot = 0;
            name = '.html';
        } else if (name === '') {
            uri += 'index.html';
            dot = 0;
            name = '.html';
        } else if (SETTINGS.clean_urls) {
            // Several leading slashes would name another host.
            var location = request.uri.replace(/^[\/\\]+/, '/') + '/' + query(request.querystring);
            return respond(308, 'Permanent Redirect', location);
        }
    }

    // Each file with such an extension has a key for every encoding.
    if (dot >= 0 && SETTINGS.compressible[name.slice(dot + 1).toLowerCase()] === 1) {
        var encoding = negotiate(request.headers['accept-encoding']);
        if (encoding !== '') {
            uri = '/_tb/' + encoding + uri;
        }
    }
    request.uri = uri;
    return request;
}

// RFC 9110, 12.5.3: the configured encoding that the viewer likes best; among equals the first.
function negotiate(header) {
    if (!header) {
        return '';
    }
    var weights = weigh(header.multiValue ? header.multiValue.map(valueOf).join() : header.value);
    var best = '';
    var most = weights.identity || 0;
    for (var i = 0; i < SETTINGS.encodings.length; i++) {
        var encoding = SETTINGS.encodings[i];
        var weight = encoding in weights ? weights[encoding] : weights['*'] || 0;
        if (weight > most || (weight === most && weight > 0 && best === '')) {
            best = encoding;
            most = weight;
        }
    }
    return best;
}

function weigh(value) {
    var weights = {};
    var items = value.toLowerCase().split(',');
    for (var i = 0; i < items.length; i++) {
        var parts = items[i].split(';');
        var coding = parts[0].trim();
        // A weight that is none refuses: identity is always understood.
        var weight = parts.length === 1 ? ['', '1'] : /^\s*q\s*=\s*(0(\.\d{0,3})?|1(\.0{0,3})?)\s*$/.exec(parts[1]);
        weights[coding === 'x-gzip' ? 'gzip' : coding] = weight ? Number(weight[1]) : 0;
    }
    return weights;
}

function query(parameters) {
    var pairs = [];
    for (var name in parameters) {
        var values = parameters[name].multiValue || [parameters[name]];
        for (var i = 0; i < values.length; i++) {
            pairs.push(values[i].value === '' ? name : name + '=' + values[i].value);
        }
    }
    return pairs.length > 0 ? '?' + pairs.join('&') : '';
}

function respond(statusCode, statusDescription, location) {
    var headers = { 'content-type': { value: 'text/plain; charset=utf-8' }, 'cache-control': { value: 'no-store' } };
    if (location) {
        headers.location = { value: location };
    }
    return {
        statusCode: statusCode,
        statusDescription: statusDescription,
        headers: headers,
        body: { encoding: 'text', data: statusCode + ' ' + statusDescription + '\n' }
    };
}

// Fetch Standard, "CORS-preflight request": S3 would refuse it, and no policy makes a success of that.
function preflight(asked, cors) {
    if (!asked.origin || !asked['access-control-request-method'] || !allows(cors.origins, asked.origin.value)) {
        return null;
    }
    var everybody = cors.origins.indexOf('*') >= 0;
    var headers = {
        'access-control-allow-origin': { value: everybody ? '*' : asked.origin.value },
        'access-control-allow-methods': { value: cors.methods },
        'access-control-allow-headers': { value: cors.headers },
        'cache-control': { value: 'no-store' },
        vary: { value: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers' }
    };
    if (cors.credentials) {
        headers['access-control-allow-credentials'] = { value: 'true' };
    }
    if (cors.max_age !== undefined) {
        headers['access-control-max-age'] = { value: String(cors.max_age) };
    }
    return { statusCode: 204, statusDescription: 'No Content', headers: headers };
}

function allows(origins, origin) {
    return origins.some(function (allowed) {
        var star = allowed.indexOf('*');
        var end = allowed.slice(star + 1);
        return star < 0
            ? allowed === origin
            : origin.length >= allowed.length - 1 && origin.indexOf(allowed.slice(0, star)) === 0 && origin.slice(origin.length - end.length) === end;
    });
}

function valueOf(item) {
    return item.value;
}
