// Package render turns an alert group into the parameters of a Bark push.
//
// Each parameter is a template of its own, with a default in English and
// Chinese. The data are Alertmanager's, with a little more ([Data]), and so
// are the functions. A [Renderer] parses everything once; rendering then is a
// run of each template, a check of what came out, since Bark ignores what it
// does not understand, and the fitting of the whole into what Apple's push
// service takes: first alerts are left out, the resolved and the oldest first,
// then text is cut.
//
// Rendering never fails. Where a template does, its default takes its place
// and [Output] says so: a bad template must not cost anybody an alert.
package render
