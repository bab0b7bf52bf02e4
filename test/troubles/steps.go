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
	for _, w := range []workload{
		{name: "checkout", image: checkoutImage, replicas: 6},
		{name: "search", image: searchImage, replicas: 3},
		{name: "cart", image: cartImage, replicas: 2, probed: true},
	} {
		if err := st.deploy(ctx, w); err != nil {
			return err
		}
	}
	return st.mended(ctx, "checkout", "search", "cart")
}

func badImage(ctx context.Context, st *stage) error {
	st.tell("checkout 2.8 is rolled out, whose image cannot be pulled")
	if err := st.setImage(ctx, "checkout", missingImage); err != nil {
		return err
	}
	if err := pause(ctx, st.Hold); err != nil {
		return err
	}
	st.tell("checkout is back at 2.7")
	if err := st.setImage(ctx, "checkout", checkoutImage); err != nil {
		return err
	}
	return st.mended(ctx, "checkout")
}

func crashLoop(ctx context.Context, st *stage) error {
	st.tell("search 5.1 is rolled out, which runs out of memory")
	if err := st.setImage(ctx, "search", hungryImage); err != nil {
		return err
	}
	if err := pause(ctx, st.Hold); err != nil {
		return err
	}
	st.tell("search is back at 5.0")
	if err := st.setImage(ctx, "search", searchImage); err != nil {
		return err
	}
	return st.mended(ctx, "search")
}

func failingProbe(ctx context.Context, st *stage) error {
	st.tell("cart fails its readiness probe")
	st.health.set(false)
	if err := pause(ctx, st.Hold); err != nil {
		return err
	}
	st.tell("cart is healthy again")
	st.health.set(true)
	return st.mended(ctx, "cart")
}

func unschedulable(ctx context.Context, st *stage) error {
	st.tell("checkout asks for more CPUs than any node has")
	if err := st.setCPU(ctx, "checkout", "64"); err != nil {
		return err
	}
	if err := pause(ctx, st.Hold); err != nil {
		return err
	}
	st.tell("checkout asks for little again")
	if err := st.setCPU(ctx, "checkout", "100m"); err != nil {
		return err
	}
	return st.mended(ctx, "checkout")
}

func deadNode(ctx context.Context, st *stage) error {
	st.tell("a node dies")
	st.node.Kill()
	if err := pause(ctx, st.Hold); err != nil {
		return err
	}
	st.tell("the node comes back")
	if err := st.node.Start(ctx); err != nil {
		return err
	}
	return st.mended(ctx, "checkout", "search", "cart")
}
