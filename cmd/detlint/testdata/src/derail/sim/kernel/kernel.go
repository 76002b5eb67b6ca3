package kernel

func wake(c chan int) {
	<-c // want `channel receive`
}
