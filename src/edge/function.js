var SETTINGS = {};

function handler(event) {
    return event.request;
}
