package troubles

import "context"

// A step is the shop's opening, or one trouble from its beginning to its end.
type step struct {
	name string
	do   func(context.Context, *stage) error
}

// Images, whose paths tell a hollow kubelet how they fail.
const (
	checkoutImage = "registry.example/shop/checkout:2.7"
	searchImage   = "registry.example/shop/search:5.0"
	cartImage     = "registry.example/shop/cart:1.4"

	missingImage = "registry.example/unpullable/checkout:2.8"
	hungryImage  = "registry.example/oom/search:5.1"
)

// steps returns the steps in their order.
func (st *stage) steps() []step {
	steps := []step{
		{"open the shop", open},
		{"bad image", badImage},
		{"crash loop", crashLoop},
		{"failing probe", failingProbe},
		{"unschedulable pods", unschedulable},
	}
	if st.node != nil {
		steps = append(steps, step{"dead node", deadNode})
	}
	return steps
}

func open(ctx context.Context, st *stage) error {
	st.tell("the shop opens: checkout, search and cart start")
	if err := st.makeNamespace(ctx); err != nil {
		return err
	}
	return st.opened(ctx,
		workload{name: "checkout", image: checkoutImage, replicas: 6},
		workload{name: "search", image: searchImage, replicas: 3},
		workload{name: "cart", image: cartImage, replicas: 2, probed: true})
}

// opened makes the workloads and waits until they are well.
func (st *stage) opened(ctx context.Context, ws ...workload) error {
	var names []string
	for _, w := range ws {
		if err := st.deploy(ctx, w); err != nil {
			return err
		}
		names = append(names, w.name)
	}
	return st.mended(ctx, names...)
}

// change is what is said to happen, and how it is made to.
type change struct {
	told string
	do   func(context.Context) error
}

// suffer lets a trouble begin, last and end, and waits until the workloads are
// well.
func (st *stage) suffer(ctx context.Context, begin, end change, workloads ...string) error {
	st.tell(begin.told)
	if err := begin.do(ctx); err != nil {
		return err
	}
	if err := pause(ctx, st.Hold); err != nil {
		return err
	}
	st.tell(end.told)
	if err := end.do(ctx); err != nil {
		return err
	}
	return st.mended(ctx, workloads...)
}

// image gives a workload an image.
func (st *stage) image(workload, image string) func(context.Context) error {
	return func(ctx context.Context) error { return st.setImage(ctx, workload, image) }
}

func badImage(ctx context.Context, st *stage) error {
	return st.suffer(ctx,
		change{"checkout 2.8 is rolled out, whose image cannot be pulled", st.image("checkout", missingImage)},
		change{"checkout is back at 2.7", st.image("checkout", checkoutImage)}, "checkout")
}

func crashLoop(ctx context.Context, st *stage) error {
	return st.suffer(ctx,
		change{"search 5.1 is rolled out, which runs out of memory", st.image("search", hungryImage)},
		change{"search is back at 5.0", st.image("search", searchImage)}, "search")
}

func failingProbe(ctx context.Context, st *stage) error {
	health := func(ok bool) func(context.Context) error {
		return func(context.Context) error { st.health.set(ok); return nil }
	}
	return st.suffer(ctx, change{"cart fails its readiness probe", health(false)}, change{"cart is healthy again", health(true)}, "cart")
}

func unschedulable(ctx context.Context, st *stage) error {
	cpu := func(amount string) func(context.Context) error {
		return func(ctx context.Context) error { return st.setCPU(ctx, "checkout", amount) }
	}
	return st.suffer(ctx,
		change{"checkout asks for more CPUs than any node has", cpu("64")},
		change{"checkout asks for little again", cpu("100m")}, "checkout")
}

func deadNode(ctx context.Context, st *stage) error {
	return st.nodeDies(ctx, "checkout", "search", "cart")
}

func (st *stage) nodeDies(ctx context.Context, workloads ...string) error {
	return st.suffer(ctx,
		change{"a node dies", func(context.Context) error { st.node.Kill(); return nil }},
		change{"the node comes back", func(ctx context.Context) error { return st.node.Start(ctx) }}, workloads...)
}
